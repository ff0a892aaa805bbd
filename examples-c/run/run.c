/* Run any network: load it, fix its shapes by name, split it, see why, build it, run it.
 *
 *   run MODEL.onnx NAME=DIM,DIM,... [@FILE] [NAME=...]
 *
 * Each input takes its numbers (float32) from the FILE after it, or gets a ramp. The network has one float32 output. */
#define _POSIX_C_SOURCE 199309L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tvmtrt.h>

enum { MAX_INPUTS = 8, MAX_RANK = 8 };

typedef struct {
    char name[64];
    int64_t dims[MAX_RANK];
    DLTensor tensor;
} input_t;

/* Print and free an error; true if there was one. */
static int failed(tvmtrt_error_t *error)
{
    if (!error)
        return 0;
    fprintf(stderr, "error %u: %s\n", (unsigned)tvmtrt_error_code(error), tvmtrt_error_message(error));
    tvmtrt_error_delete(error);
    return 1;
}

static double milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* Parse NAME=DIM,DIM,... and fill it with a ramp; the number of elements, or 0. */
static size_t make_input(const char *text, input_t *in)
{
    const char *at = strchr(text, '=');
    const DLDataType float32 = {kDLFloat, 32, 1};
    size_t count = 1;
    if (!at || (size_t)(at - text) >= sizeof in->name)
        return 0;
    memcpy(in->name, text, (size_t)(at - text));
    for (char *end; *at; at = end) {
        long long dim = strtoll(at + 1, &end, 10);
        if (end == at + 1 || dim <= 0 || in->tensor.ndim == MAX_RANK)
            return 0;
        in->dims[in->tensor.ndim++] = dim;
        count *= (size_t)dim;
    }
    float *values = (float *)malloc(count * sizeof *values);
    for (size_t i = 0; values && i < count; i++)
        values[i] = (float)(i % 97) / 48.0f - 1.0f;
    in->tensor.data = values;
    in->tensor.device.device_type = kDLCPU;
    in->tensor.dtype = float32;
    in->tensor.shape = in->dims; /* strides stay NULL: the elements are contiguous */
    return values ? count : 0;
}

static int read_values(const char *path, float *values, size_t count)
{
    FILE *file = fopen(path, "rb");
    int good = file && fread(values, sizeof *values, count, file) == count;
    return file && !fclose(file) && good;
}

/* The five greatest of each row; `t` is float32 and contiguous, and is left without them. */
static void print_top(DLTensor *t)
{
    size_t columns = t->ndim ? (size_t)t->shape[t->ndim - 1] : 1, rows = 1;
    for (int i = 0; i + 1 < t->ndim; i++)
        rows *= (size_t)t->shape[i];
    float *row = (float *)((char *)t->data + t->byte_offset);
    for (size_t r = 0; r < rows && r < 4; r++, row += columns) {
        printf("top 5:");
        for (size_t k = 0; k < 5 && k < columns; k++) {
            size_t best = 0;
            for (size_t i = 1; i < columns; i++)
                if (row[i] > row[best])
                    best = i;
            printf(" %zu (%.4g)%s", best, row[best], k == 4 || k + 1 == columns ? "\n" : "");
            row[best] = -HUGE_VALF;
        }
    }
}
#define TRY(call) if (failed(call)) goto done

int main(int argc, char **argv)
{
    static input_t in[MAX_INPUTS];
    tvmtrt_shape_t shapes[MAX_INPUTS];
    tvmtrt_argument_t inputs[MAX_INPUTS];
    DLManagedTensorVersioned *made = NULL;
    tvmtrt_argument_t output = {NULL, NULL, &made}; /* no name: by its place; no tensor: the library makes one */
    size_t n = 0, count = 0;
    int status = 1;
    if (argc < 2)
        return fprintf(stderr, "usage: run MODEL.onnx NAME=DIM,DIM,... [@FILE] ...\n"), 2;
    for (int i = 2; i < argc; i++) {
        int good = argv[i][0] == '@' ? n && read_values(argv[i] + 1, (float *)in[n - 1].tensor.data, count)
                                     : n < MAX_INPUTS && (count = make_input(argv[i], &in[n])) && ++n;
        if (!good)
            return fprintf(stderr, "cannot use %s\n", argv[i]), 2;
    }
    for (size_t i = 0; i < n; i++) {
        const tvmtrt_shape_t shape = {in[i].name, in[i].dims, (size_t)in[i].tensor.ndim, in[i].tensor.dtype};
        const tvmtrt_argument_t input = {in[i].name, &in[i].tensor, NULL};
        shapes[i] = shape, inputs[i] = input;
    }
    tvmtrt_model_t *model = NULL;
    tvmtrt_partition_t *partition = NULL;
    tvmtrt_text_t *why = NULL;
    tvmtrt_build_t *build = NULL;
    tvmtrt_session_t *session = NULL;
    double t[6] = {milliseconds()};
    TRY(tvmtrt_model_load(argv[1], NULL, &model));
    t[1] = milliseconds();
    TRY(tvmtrt_partition(model, shapes, n, NULL, &partition));
    t[2] = milliseconds();
    TRY(tvmtrt_build(partition, NULL, &build));
    TRY(tvmtrt_session_new(build, NULL, &session));
    t[3] = milliseconds();
    TRY(tvmtrt_run(session, inputs, n, &output, 1));
    t[4] = milliseconds();
    output.tensor = &made->dl_tensor; /* again, into memory that we have */
    TRY(tvmtrt_run(session, inputs, n, &output, 1));
    t[5] = milliseconds();
    TRY(tvmtrt_partition_explain(partition, TVMTRT_FORMAT_TEXT, &why));
    printf("%s\n", tvmtrt_text_data(why));
    print_top(&made->dl_tensor);
    printf("load %.1f ms, partition %.1f ms, build %.1f ms, first run %.1f ms, second run %.1f ms\n", t[1] - t[0], t[2] - t[1],
           t[3] - t[2], t[4] - t[3], t[5] - t[4]);
    status = 0;
done: /* in any order; NULL is fine */
    if (made)
        made->deleter(made);
    tvmtrt_session_delete(session);
    tvmtrt_build_delete(build);
    tvmtrt_text_delete(why);
    tvmtrt_partition_delete(partition);
    tvmtrt_model_delete(model);
    for (size_t i = 0; i < n; i++)
        free(in[i].tensor.data);
    return status;
}
