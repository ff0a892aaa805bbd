/* ResNet-18 from model to deployed, in two processes.
 *
 *   resnet18 build MODEL.onnx FILE    shapes by name, partition, build, save: where the model is
 *   resnet18 run FILE [PIXELS]        load, first run, later runs, the likeliest classes: where it is used
 *
 * PIXELS is a file of 1 x 3 x 224 x 224 float32, normalised as the network was trained with; without one there is a ramp. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tvmtrt.h>

enum { PIXELS = 3 * 224 * 224, CLASSES = 1000, RUNS = 20 };

static float pixels[PIXELS], scores[CLASSES];

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

static double milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int build_and_save(const char *model_file, const char *file)
{
    const int64_t dims[] = {1, 3, 224, 224};
    const tvmtrt_shape_t shape = {"input", dims, 4, {kDLFloat, 32, 1}};
    tvmtrt_model_t *model = NULL;
    tvmtrt_partition_t *partition = NULL;
    tvmtrt_build_t *build = NULL;
    tvmtrt_text_t *state = NULL;
    double start = milliseconds(), loaded, split, built;
    int status = 1;
    TRY(tvmtrt_model_load(model_file, NULL, &model));
    loaded = milliseconds();
    TRY(tvmtrt_partition(model, &shape, 1, NULL, &partition)); /* TensorRT's part and ours */
    split = milliseconds();
    TRY(tvmtrt_build(partition, NULL, &build)); /* engines where there are TensorRT and a GPU, our own code for the rest */
    built = milliseconds();
    for (size_t i = 0; i < tvmtrt_partition_region_count(partition); i++) {
        TRY(tvmtrt_build_region_state(build, i, &state));
        printf("region %u: %s\n", (unsigned)i, tvmtrt_text_data(state));
        tvmtrt_text_delete(state);
        state = NULL;
    }
    TRY(tvmtrt_build_save(build, file, NULL));
    printf("load %.1f ms, partition %.1f ms, build %.1f ms, save %.1f ms\n", loaded - start, split - loaded, built - split,
           milliseconds() - built);
    status = 0;
done: /* in any order; NULL is fine */
    tvmtrt_text_delete(state);
    tvmtrt_build_delete(build);
    tvmtrt_partition_delete(partition);
    tvmtrt_model_delete(model);
    return status;
}

static void print_top(void)
{
    printf("top 5:");
    for (int k = 0; k < 5; k++) {
        int best = 0;
        for (int i = 1; i < CLASSES; i++)
            if (scores[i] > scores[best])
                best = i;
        printf(" %d (%.4g)", best, scores[best]);
        scores[best] = -1e30f;
    }
    printf("\n");
}

static int read_pixels(const char *path)
{
    FILE *file = path ? fopen(path, "rb") : NULL;
    int good = file && fread(pixels, sizeof *pixels, PIXELS, file) == PIXELS;
    for (int i = 0; !path && i < PIXELS; i++)
        pixels[i] = (float)(i % 97) / 48.0f - 1.0f;
    return file ? !fclose(file) && good : !path;
}

static int load_and_run(const char *file)
{
    int64_t in_dims[] = {1, 3, 224, 224}, out_dims[] = {1, CLASSES};
    DLTensor x = {pixels, {kDLCPU, 0}, 4, {kDLFloat, 32, 1}, in_dims, NULL, 0};
    DLTensor y = {scores, {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, out_dims, NULL, 0};
    const tvmtrt_argument_t input = {"input", &x, NULL}, output = {NULL, &y, NULL};
    tvmtrt_build_t *build = NULL;
    tvmtrt_session_t *session = NULL;
    double start = milliseconds(), loaded, ready, first, later;
    int status = 1;
    TRY(tvmtrt_build_load(file, NULL, &build));
    loaded = milliseconds();
    TRY(tvmtrt_session_new(build, NULL, &session)); /* our own code is compiled for this machine here */
    ready = milliseconds();
    TRY(tvmtrt_run(session, &input, 1, &output, 1));
    first = milliseconds();
    for (int i = 0; i < RUNS; i++)
        TRY(tvmtrt_run(session, &input, 1, &output, 1));
    later = (milliseconds() - first) / (double)RUNS;
    print_top();
    printf("load %.1f ms, session %.1f ms, first run %.1f ms, later runs %.1f ms each\n", loaded - start, ready - loaded, first - ready, later);
    status = 0;
done:
    tvmtrt_session_delete(session);
    tvmtrt_build_delete(build);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "build") == 0)
        return build_and_save(argv[2], argv[3]);
    if (argc < 3 || argc > 4 || strcmp(argv[1], "run") != 0)
        return fprintf(stderr, "usage: resnet18 build MODEL.onnx FILE | run FILE [PIXELS]\n"), 2;
    if (!read_pixels(argc == 4 ? argv[3] : NULL))
        return fprintf(stderr, "cannot read %d numbers from %s\n", PIXELS, argv[3]), 1;
    return load_and_run(argv[2]);
}
