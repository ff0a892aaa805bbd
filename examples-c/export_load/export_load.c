/* Build once, run anywhere: a build becomes one file, and the file a build again, without the model.
 *
 *   export_load save MODEL.onnx FILE [KEY=VALUE ...]   builds and saves; a FILE that ends in .so becomes a shared object
 *   export_load load FILE [KEY=VALUE ...]              loads and runs it on a ramp, prints the sum of each output
 *
 * Whoever loads needs no model and no part of the library that reads or compiles models. Extents that are free become 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tvmtrt.h>

enum { MAX_VALUES = 8, MAX_RANK = 8 };

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

/* Set KEY=VALUE of each argument. */
static int set_all(tvmtrt_options_t *options, char **arguments)
{
    for (; *arguments; arguments++) {
        char *equals = strchr(*arguments, '=');
        if (!equals)
            return fprintf(stderr, "%s is no KEY=VALUE\n", *arguments), 0;
        *equals = '\0';
        if (failed(tvmtrt_options_set(options, *arguments, equals + 1)))
            return 0;
    }
    return 1;
}

static int save(const char *model_file, const char *file, const tvmtrt_options_t *options)
{
    tvmtrt_model_t *model = NULL;
    tvmtrt_partition_t *partition = NULL;
    tvmtrt_build_t *build = NULL;
    int status = 1;
    TRY(tvmtrt_model_load(model_file, options, &model));
    TRY(tvmtrt_partition(model, NULL, 0, options, &partition));
    TRY(tvmtrt_build(partition, options, &build));
    TRY(tvmtrt_build_save(build, file, options));
    printf("saved %s\n", file);
    status = 0;
done:
    tvmtrt_build_delete(build);
    tvmtrt_partition_delete(partition);
    tvmtrt_model_delete(model);
    return status;
}

/* A dense float32 input with a ramp in it; false where it is of another type or there is no memory. */
static int make_input(const tvmtrt_value_t *value, DLTensor *tensor, int64_t *dims)
{
    size_t rank = tvmtrt_value_rank(value), count = 1, i;
    const DLTensor dense = {NULL, {kDLCPU, 0}, (int32_t)rank, tvmtrt_value_dtype(value), dims, NULL, 0};
    float *values;
    for (i = 0; i < rank && rank <= MAX_RANK; i++)
        count *= (size_t)(dims[i] = tvmtrt_value_dims(value)[i] < 0 ? 1 : tvmtrt_value_dims(value)[i]);
    values = (float *)malloc(count * sizeof *values);
    for (i = 0; values && i < count; i++)
        values[i] = (float)(i % 97) / 48.0f - 1.0f;
    *tensor = dense;
    tensor->data = values;
    return values && rank <= MAX_RANK && dense.dtype.code == kDLFloat && dense.dtype.bits == 32;
}

/* Name, first element and sum of a dense float32 output. */
static void print_sum(const char *name, const DLTensor *tensor)
{
    const float *values = (const float *)((const char *)tensor->data + tensor->byte_offset);
    size_t count = 1;
    double sum = 0;
    for (int i = 0; i < tensor->ndim; i++)
        count *= (size_t)tensor->shape[i];
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    printf("%s: %u elements, first %.5g, sum %.5g\n", name, (unsigned)count, count ? values[0] : 0.0f, sum);
}

static int load(const char *file, const tvmtrt_options_t *options)
{
    DLTensor tensors[MAX_VALUES];
    int64_t dims[MAX_VALUES][MAX_RANK];
    tvmtrt_argument_t inputs[MAX_VALUES], outputs[MAX_VALUES];
    DLManagedTensorVersioned *made[MAX_VALUES] = {NULL};
    tvmtrt_build_t *build = NULL;
    tvmtrt_session_t *session = NULL;
    size_t n = 0, m = 0, i;
    int status = 1;
    TRY(tvmtrt_build_load(file, options, &build));
    TRY(tvmtrt_session_new(build, options, &session));
    for (; n < tvmtrt_build_input_count(build) && n < MAX_VALUES; n++) {
        const tvmtrt_argument_t input = {NULL, &tensors[n], NULL}; /* by its place */
        inputs[n] = input;
        if (!make_input(tvmtrt_build_input(build, n), &tensors[n], dims[n])) {
            fprintf(stderr, "%s: only float32 is made here\n", tvmtrt_value_text(tvmtrt_build_input(build, n)));
            n++;
            goto done;
        }
    }
    for (; m < tvmtrt_build_output_count(build) && m < MAX_VALUES; m++) {
        const tvmtrt_argument_t output = {NULL, NULL, &made[m]}; /* memory of the library's */
        outputs[m] = output;
    }
    TRY(tvmtrt_run(session, inputs, n, outputs, m));
    for (i = 0; i < m; i++)
        print_sum(tvmtrt_value_name(tvmtrt_build_output(build, i)), &made[i]->dl_tensor);
    status = 0;
done:
    for (i = 0; i < m; i++)
        if (made[i])
            made[i]->deleter(made[i]);
    for (i = 0; i < n; i++)
        free(tensors[i].data);
    tvmtrt_session_delete(session);
    tvmtrt_build_delete(build);
    return status;
}

int main(int argc, char **argv)
{
    tvmtrt_options_t *options = tvmtrt_options_new();
    int status = 2;
    if (argc >= 4 && strcmp(argv[1], "save") == 0)
        status = set_all(options, argv + 4) ? save(argv[2], argv[3], options) : 1;
    else if (argc >= 3 && strcmp(argv[1], "load") == 0)
        status = set_all(options, argv + 3) ? load(argv[2], options) : 1;
    else
        fprintf(stderr, "usage: export_load save MODEL.onnx FILE [KEY=VALUE ...] | load FILE [KEY=VALUE ...]\n");
    tvmtrt_options_delete(options);
    return status;
}
