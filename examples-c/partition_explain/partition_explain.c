/* See how a model would be split, and why, before anything is built: neither TensorRT nor a GPU is needed.
 *
 *   partition_explain MODEL.onnx [--json] [KEY=VALUE] ...
 *
 * Keys are those of tvmtrt_options_keys: tensorrt_version=8.6 asks what that version would take, symbols=N=1..8 bounds an extent,
 * keep_off_operators=nn.softmax keeps an operator away. The region filter is the program's own say: it keeps regions of less than
 * three nodes off TensorRT. */
#include <stdio.h>
#include <string.h>
#include <tvmtrt.h>

/* Print and free an error; true if there was one. */
static int failed(tvmtrt_error_t *error)
{
    if (!error)
        return 0;
    fprintf(stderr, "error %u: %s\n", (unsigned)tvmtrt_error_code(error), tvmtrt_error_message(error));
    tvmtrt_error_delete(error);
    return 1;
}

#define TRY(call) if (failed(call)) goto done

/* The program's say on a region: 0 keeps it off TensorRT. `user` counts what was asked. */
static int32_t large_enough(void *user, const char *const *nodes, const char *const *operators, size_t count)
{
    ++*(int *)user;
    fprintf(stderr, "a region of %u nodes, from '%s' (%s) on\n", (unsigned)count, nodes[0], operators[0]);
    return count >= 3;
}

/* Set KEY=VALUE. */
static tvmtrt_error_t *set(tvmtrt_options_t *options, const char *text)
{
    char key[64] = "";
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : 0;
    memcpy(key, text, length < sizeof key ? length : 0);
    return tvmtrt_options_set(options, key, equals ? equals + 1 : "");
}

int main(int argc, char **argv)
{
    tvmtrt_options_t *options = tvmtrt_options_new();
    tvmtrt_model_t *model = NULL;
    tvmtrt_partition_t *partition = NULL;
    tvmtrt_text_t *account = NULL, *region = NULL;
    uint32_t format = TVMTRT_FORMAT_TEXT;
    int asked = 0, status = 1;
    size_t i, regions;
    if (argc < 2)
        return fprintf(stderr, "usage: partition_explain MODEL.onnx [--json] [KEY=VALUE] ...\n"), 2;
    for (i = 2; i < (size_t)argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            format = TVMTRT_FORMAT_JSON;
        else
            TRY(set(options, argv[i]));
    }
    TRY(tvmtrt_options_set_region_filter(options, large_enough, &asked, NULL));
    TRY(tvmtrt_model_load(argv[1], options, &model));
    for (i = 0; i < tvmtrt_model_input_count(model); i++)
        fprintf(stderr, "input %s\n", tvmtrt_value_text(tvmtrt_model_input(model, i)));
    TRY(tvmtrt_partition(model, NULL, 0, options, &partition)); /* shapes as the model has them */
    TRY(tvmtrt_partition_explain(partition, format, &account));
    printf("%s\n", tvmtrt_text_data(account));

    /* A region by itself, as TVM's JSON runtime writes it: what other tools read. */
    regions = tvmtrt_partition_region_count(partition);
    for (i = 0; i < regions; i++) {
        TRY(tvmtrt_partition_region_json(partition, i, &region));
        fprintf(stderr, "region %u: %u bytes of JSON\n", (unsigned)i, (unsigned)tvmtrt_text_size(region));
        tvmtrt_text_delete(region);
        region = NULL;
    }
    fprintf(stderr, "%u regions; the filter was asked %d times\n", (unsigned)regions, asked);
    status = 0;
done: /* in any order; NULL is fine */
    tvmtrt_text_delete(region);
    tvmtrt_text_delete(account);
    tvmtrt_partition_delete(partition);
    tvmtrt_model_delete(model);
    tvmtrt_options_delete(options);
    return status;
}
