/* Tensors that lie on the GPU, on a stream of the program's own: nothing is copied to the host, and tvmtrt_run returns while the work is
 * under way.
 *
 *   device_tensors_stream MODEL.onnx NAME=DIM,DIM,...
 *
 * The network has one float32 input and one float32 output of fixed shape. A program with the CUDA toolkit would call cudaMalloc and
 * cudaStreamCreate; this one takes the driver's functions at run time, so that it builds anywhere. Without a GPU it says so and ends
 * with status 77. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tvmtrt.h>

enum { MAX_RANK = 8, NO_GPU = 77 };

static struct {
    int (*cuInit)(unsigned);
    int (*cuDeviceGet)(int *, int);
    int (*cuDevicePrimaryCtxRetain)(void **, int);
    int (*cuCtxSetCurrent)(void *);
    int (*cuMemAlloc_v2)(unsigned long long *, size_t);
    int (*cuMemcpyHtoDAsync_v2)(unsigned long long, const void *, size_t, void *);
    int (*cuMemcpyDtoHAsync_v2)(void *, unsigned long long, size_t, void *);
    int (*cuStreamCreate)(void **, unsigned);
    int (*cuStreamSynchronize)(void *);
} cuda;

/* The driver's functions, and its first GPU made current; false where there is none. */
static int find_gpu(void)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW), *context = NULL;
    int device = 0;
#define FUNCTION(name) (*(void **)&cuda.name = library ? dlsym(library, #name) : NULL)
    return library && FUNCTION(cuInit) && FUNCTION(cuDeviceGet) && FUNCTION(cuDevicePrimaryCtxRetain) && FUNCTION(cuCtxSetCurrent) &&
           FUNCTION(cuMemAlloc_v2) && FUNCTION(cuMemcpyHtoDAsync_v2) && FUNCTION(cuMemcpyDtoHAsync_v2) && FUNCTION(cuStreamCreate) &&
           FUNCTION(cuStreamSynchronize) && !cuda.cuInit(0) && !cuda.cuDeviceGet(&device, 0) &&
           !cuda.cuDevicePrimaryCtxRetain(&context, device) && !cuda.cuCtxSetCurrent(context);
}

/* Print and free an error; true if there was one. */
static int failed(tvmtrt_error_t *error)
{
    if (!error)
        return 0;
    fprintf(stderr, "error %u: %s\n", (unsigned)tvmtrt_error_code(error), tvmtrt_error_message(error));
    tvmtrt_error_delete(error);
    return 1;
}

/* A dense float32 tensor on the GPU; its number of bytes, or 0. */
static size_t on_gpu(DLTensor *t, int64_t *dims, int rank)
{
    size_t bytes = sizeof(float);
    unsigned long long address = 0;
    for (int i = 0; i < rank; i++)
        bytes *= (size_t)dims[i];
    if (cuda.cuMemAlloc_v2(&address, bytes))
        return 0;
    DLTensor tensor = {(void *)(size_t)address, {kDLCUDA, 0}, rank, {kDLFloat, 32, 1}, dims, NULL, 0};
    *t = tensor;
    return bytes;
}

#define TRY(call) if (failed(call)) goto done

int main(int argc, char **argv)
{
    char name[64] = "";
    int64_t in_dims[MAX_RANK], out_dims[MAX_RANK];
    int rank = 0, status = 1;
    const char *equals = argc == 3 ? strchr(argv[2], '=') : NULL;
    if (!equals || (size_t)(equals - argv[2]) >= sizeof name)
        return fprintf(stderr, "usage: device_tensors_stream MODEL.onnx NAME=DIM,DIM,...\n"), 2;
    memcpy(name, argv[2], (size_t)(equals - argv[2]));
    for (char *end = (char *)equals; *end && rank < MAX_RANK; rank++)
        in_dims[rank] = strtoll(end + 1, &end, 10);
    if (!find_gpu())
        return printf("SKIP: there is no GPU here\n"), NO_GPU;

    tvmtrt_model_t *model = NULL;
    tvmtrt_partition_t *partition = NULL;
    tvmtrt_build_t *build = NULL;
    tvmtrt_session_t *session = NULL;
    tvmtrt_text_t *state = NULL;
    DLTensor x, y;
    void *stream = NULL;
    float *values = NULL, first[4] = {0};
    const tvmtrt_value_t *out;
    size_t out_rank, in_bytes, out_bytes, i;
    tvmtrt_argument_t input = {name, &x, NULL}, output = {NULL, &y, NULL};
    tvmtrt_shape_t shape = {name, in_dims, (size_t)rank, {kDLFloat, 32, 1}};
    TRY(tvmtrt_model_load(argv[1], NULL, &model));
    TRY(tvmtrt_partition(model, &shape, 1, NULL, &partition));
    TRY(tvmtrt_build(partition, NULL, &build));
    TRY(tvmtrt_build_region_state(build, 0, &state));
    TRY(tvmtrt_session_new(build, NULL, &session));

    out = tvmtrt_build_output(build, 0);
    out_rank = tvmtrt_value_rank(out);
    if (out_rank > MAX_RANK)
        goto done;
    memcpy(out_dims, tvmtrt_value_dims(out), out_rank * sizeof *out_dims);
    in_bytes = on_gpu(&x, in_dims, rank);
    out_bytes = on_gpu(&y, out_dims, (int)out_rank);
    values = (float *)malloc(in_bytes ? in_bytes : 1);
    if (!in_bytes || !out_bytes || !values || cuda.cuStreamCreate(&stream, 1))
        goto done;
    for (i = 0; i < in_bytes / sizeof *values; i++)
        values[i] = (float)(i % 97) / 48.0f - 1.0f;

    TRY(tvmtrt_session_set_stream(session, stream));
    cuda.cuMemcpyHtoDAsync_v2((unsigned long long)(size_t)x.data, values, in_bytes, stream);
    TRY(tvmtrt_run(session, &input, 1, &output, 1)); /* queued behind the copy */
    cuda.cuMemcpyDtoHAsync_v2(first, (unsigned long long)(size_t)y.data, out_bytes < sizeof first ? out_bytes : sizeof first, stream);
    if (cuda.cuStreamSynchronize(stream))
        goto done;
    printf("%s\nfirst results: %g %g %g %g\n", tvmtrt_text_data(state), first[0], first[1], first[2], first[3]);
    status = 0;
done:
    free(values);
    tvmtrt_session_delete(session);
    tvmtrt_text_delete(state);
    tvmtrt_build_delete(build);
    tvmtrt_partition_delete(partition);
    tvmtrt_model_delete(model);
    return status;
}
