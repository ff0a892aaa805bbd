/* One build for every batch size up to a limit: the first extent of an input stays free, within bounds.
 *
 *   dynamic_batch MODEL.onnx MOST DIM,DIM,...
 *
 * MOST is the largest batch, the DIMs are all other extents. The network has one float32 input, whose first extent is a symbol, and one
 * float32 output. The same rows must give the same results whatever the batch. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tvmtrt.h>

enum { MAX_RANK = 8 };

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

int main(int argc, char **argv)
{
    int64_t dims[MAX_RANK] = {-1}; /* -1 leaves the batch free */
    int rank = 1, status = 1;
    if (argc != 4)
        return fprintf(stderr, "usage: dynamic_batch MODEL.onnx MOST DIM,DIM,...\n"), 2;
    int64_t most = atoll(argv[2]), row = 1, batch;
    for (char *at = argv[3]; *at && rank < MAX_RANK; rank++, at += *at == ',')
        row *= dims[rank] = strtoll(at, &at, 10);

    tvmtrt_options_t *options = tvmtrt_options_new();
    tvmtrt_model_t *model = NULL;
    tvmtrt_partition_t *partition = NULL;
    tvmtrt_build_t *build = NULL;
    tvmtrt_session_t *session = NULL;
    DLManagedTensorVersioned *made = NULL;
    float *values = (float *)malloc((size_t)(most * row) * sizeof *values), *first = NULL;
    const tvmtrt_value_t *x;
    tvmtrt_shape_t shape = {NULL, dims, (size_t)rank, {kDLFloat, 32, 1}};
    char range[96];
    TRY(tvmtrt_model_load(argv[1], NULL, &model));
    x = tvmtrt_model_input(model, 0);
    snprintf(range, sizeof range, "%.60s=1..%lld", tvmtrt_value_dim_text(x, 0), (long long)most); /* such as N=1..8 */
    TRY(tvmtrt_options_set(options, "symbols", range));
    shape.name = tvmtrt_value_name(x);
    TRY(tvmtrt_partition(model, &shape, 1, options, &partition));
    TRY(tvmtrt_build(partition, options, &build));
    TRY(tvmtrt_session_new(build, NULL, &session));
    for (int64_t i = 0; values && i < most * row; i++)
        values[i] = (float)(i % 89) / 44.0f - 1.0f;

    for (batch = 1; batch <= most; batch = batch == most ? most + 1 : (2 * batch < most ? 2 * batch : most)) {
        dims[0] = batch;
        DLTensor tensor = {values, {kDLCPU, 0}, rank, {kDLFloat, 32, 1}, dims, NULL, 0};
        tvmtrt_argument_t input = {NULL, &tensor, NULL}, output = {NULL, NULL, &made};
        TRY(tvmtrt_run(session, &input, 1, &output, 1));
        size_t columns = (size_t)(made->dl_tensor.shape[made->dl_tensor.ndim - 1]);
        const float *result = (const float *)made->dl_tensor.data;
        printf("batch %lld: first row begins with %g\n", (long long)batch, result[0]);
        if (!first) {
            first = (float *)malloc(columns * sizeof *first);
            if (first)
                memcpy(first, result, columns * sizeof *first);
        }
        for (size_t i = 0; first && i < columns; i++) {
            if (fabsf(first[i] - result[i]) > 1e-3f * (1 + fabsf(first[i]))) {
                fprintf(stderr, "result %zu is %g alone and %g in a batch of %lld\n", i, first[i], result[i], (long long)batch);
                goto done;
            }
        }
        made->deleter(made);
        made = NULL;
    }
    status = 0;
done:
    if (made)
        made->deleter(made);
    free(first);
    free(values);
    tvmtrt_session_delete(session);
    tvmtrt_build_delete(build);
    tvmtrt_partition_delete(partition);
    tvmtrt_model_delete(model);
    tvmtrt_options_delete(options);
    return status;
}
