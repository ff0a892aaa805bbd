/* Regions: explained, filtered, demanded, built or not, with or without a TensorRT library. */
#include "check.h"
#include "model.h"

static tvmtrt_model_t *load(void) {
  tvmtrt_model_t *m = NULL;
  OK(tvmtrt_model_load_memory(model, sizeof model, NULL, NULL, &m));
  return m;
}

/* Options that plan for TensorRT 10.6 and look for no library but one that is not there. */
static tvmtrt_options_t *planning(void) {
  tvmtrt_options_t *options = tvmtrt_options_new();
  OK(tvmtrt_options_set(options, "tensorrt_version", "10.6"));
  OK(tvmtrt_options_set(options, "tensorrt_library", "/no/such/library.so"));
  return options;
}

static void is_explained(void) {
  tvmtrt_text_t *text = NULL;
  tvmtrt_model_t *m = load();
  tvmtrt_partition_t *p = NULL;
  tvmtrt_build_t *b = NULL;
  tvmtrt_options_t *options = planning();
  OK(tvmtrt_partition(m, NULL, 0, options, &p));
  CHECK(tvmtrt_partition_region_count(p) == 1);
  OK(tvmtrt_partition_explain(p, TVMTRT_FORMAT_TEXT, &text));
  CHECK(strstr(tvmtrt_text_data(text), "TensorRT 10.6.0") != NULL);
  tvmtrt_text_delete(text);
  OK(tvmtrt_partition_explain(p, TVMTRT_FORMAT_JSON, &text));
  CHECK(tvmtrt_text_data(text)[0] == '{' && strstr(tvmtrt_text_data(text), "\"schema_version\": 1") != NULL);
  tvmtrt_text_delete(text);
  OK(tvmtrt_partition_explain(p, TVMTRT_FORMAT_DOT, &text));
  CHECK(strncmp(tvmtrt_text_data(text), "digraph ", 8) == 0);
  tvmtrt_text_delete(text);
  OK(tvmtrt_partition_explain(p, TVMTRT_FORMAT_SVG, &text));
  CHECK(strncmp(tvmtrt_text_data(text), "<svg ", 5) == 0);
  tvmtrt_text_delete(text);
  text = NULL;
  FAILS(INVALID_ARGUMENT, "format 4", tvmtrt_partition_explain(p, 4, &text));
  FAILS(INVALID_ARGUMENT, "format 3", tvmtrt_options_keys(TVMTRT_FORMAT_SVG, &text));
  CHECK(text == NULL);
  OK(tvmtrt_partition_region_json(p, 0, &text));
  CHECK(strstr(tvmtrt_text_data(text), "\"node_row_ptr\"") != NULL && strstr(tvmtrt_text_data(text), "tensorrt.add") != NULL);
  tvmtrt_text_delete(text);
  text = NULL;
  FAILS(INVALID_ARGUMENT, "no region 1: there are 1", tvmtrt_partition_region_json(p, 1, &text));
  OK(tvmtrt_build(p, options, &b));
  FAILS(INVALID_ARGUMENT, "no region 1: there are 1", tvmtrt_build_region_state(b, 1, &text));
  CHECK(text == NULL);
  OK(tvmtrt_build_region_state(b, 0, &text));
  CHECK(tvmtrt_text_size(text) > 0 && tvmtrt_build_engine_count(b) == 0);
  CHECK(tvmtrt_build_engine_data(b, 0) == NULL && tvmtrt_build_engine_size(b, 0) == 0 && tvmtrt_build_engine_data(b, 9) == NULL);
  CHECK(tvmtrt_build_input_count(b) == 2 && tvmtrt_build_output_count(b) == 2 && tvmtrt_build_output(b, 2) == NULL);
  CHECK(strcmp(tvmtrt_value_text(tvmtrt_build_input(b, 0)), "a: float32[N, 3]") == 0);
  tvmtrt_text_delete(text);
  tvmtrt_options_delete(options);
  tvmtrt_build_delete(b);
  tvmtrt_partition_delete(p);
  tvmtrt_model_delete(m);
}

typedef struct {
  int calls, ends;
  size_t nodes;
} seen_t;

static int32_t refuse(void *user, const char *const *nodes, const char *const *operators, size_t count) {
  seen_t *seen = (seen_t *)user;
  size_t i;
  seen->calls++;
  seen->nodes += count;
  for (i = 0; i < count; i++) CHECK(nodes[i][0] != '\0' && operators[i][0] != '\0');
  return 0;
}

static void end(void *user) { ((seen_t *)user)->ends++; }

static void is_filtered(void) {
  seen_t seen = {0, 0, 0};
  tvmtrt_text_t *text = NULL;
  tvmtrt_model_t *m = load();
  tvmtrt_partition_t *p = NULL;
  tvmtrt_options_t *options = planning();
  OK(tvmtrt_options_set_region_filter(options, refuse, &seen, end));
  OK(tvmtrt_partition(m, NULL, 0, options, &p));
  CHECK(seen.calls == 1 && seen.nodes == 2 && tvmtrt_partition_region_count(p) == 0);
  OK(tvmtrt_partition_explain(p, TVMTRT_FORMAT_TEXT, &text));
  CHECK(strstr(tvmtrt_text_data(text), "filter") != NULL);
  tvmtrt_options_delete(options);
  CHECK(seen.ends == 0); /* The partition still holds it. */
  tvmtrt_partition_delete(p);
  CHECK(seen.ends == 1);
  tvmtrt_text_delete(text);
  tvmtrt_model_delete(m);
}

static void is_demanded(void) {
  tvmtrt_model_t *m = load();
  tvmtrt_partition_t *p = NULL;
  tvmtrt_options_t *options = planning();
  OK(tvmtrt_options_set(options, "offload", "on"));
  FAILS(OFFLOAD_IMPOSSIBLE, "offload is on", tvmtrt_partition(m, NULL, 0, options, &p));
  OK(tvmtrt_options_set(options, "offload", "default"));
  OK(tvmtrt_options_set(options, "use_implicit_batch", "on"));
  FAILS(BAD_OPTION, "use_implicit_batch", tvmtrt_partition(m, NULL, 0, options, &p));
  OK(tvmtrt_options_set(options, "use_implicit_batch", "off"));
  OK(tvmtrt_options_set(options, "offload", "off"));
  OK(tvmtrt_partition(m, NULL, 0, options, &p));
  CHECK(tvmtrt_partition_region_count(p) == 0);
  tvmtrt_options_delete(options);
  tvmtrt_partition_delete(p);
  tvmtrt_model_delete(m);
}

typedef struct {
  int calls, stop_at, ends;
} progress_t;

static int32_t progress(void *user, const char *region, const char *phase, size_t done, size_t total) {
  progress_t *p = (progress_t *)user;
  (void)done, (void)total;
  CHECK(strncmp(region, "tvmgen_", 7) == 0 && phase[0] != '\0');
  return ++p->calls != p->stop_at;
}

static void progress_end(void *user) { ((progress_t *)user)->ends++; }

/* Stopped, then built into a cache, then found in it. */
static void is_kept(tvmtrt_partition_t *p, tvmtrt_options_t *options, const char *cache) {
  progress_t seen = {0, 2, 0};
  tvmtrt_build_t *b = NULL;
  tvmtrt_text_t *state = NULL;
  int again;
  OK(tvmtrt_options_set(options, "engine_cache", cache));
  OK(tvmtrt_options_set_progress_callback(options, progress, &seen, progress_end));
  FAILS(CANCELLED, "stopped", tvmtrt_build(p, options, &b));
  CHECK(seen.calls == 2);
  seen.stop_at = -1;
  for (again = 0; again < 2; again++) {
    OK(tvmtrt_build(p, options, &b));
    OK(tvmtrt_build_region_state(b, 0, &state));
    CHECK(strstr(tvmtrt_text_data(state), again ? ", cached" : "built in") != NULL);
    tvmtrt_text_delete(state);
    tvmtrt_build_delete(b);
  }
  CHECK(seen.ends == 0);
  OK(tvmtrt_options_set_progress_callback(options, NULL, NULL, NULL));
  CHECK(seen.calls > 2 && seen.ends == 1);
  OK(tvmtrt_options_set(options, "weight_streaming", "true"));
  OK(tvmtrt_options_set(options, "tactic_sources", "cudnn"));
  FAILS(TENSORRT_UNSUPPORTED, "option 'tactic_sources'", tvmtrt_build(p, options, &b));
}

/* With a library named by TVMTRT_TENSORRT_LIBRARY that builds for GPUs elsewhere: a real engine. */
static void is_built(const char *cache) {
  tvmtrt_model_t *m = load();
  tvmtrt_partition_t *p = NULL;
  tvmtrt_build_t *b = NULL;
  tvmtrt_text_t *state = NULL;
  tvmtrt_options_t *options = tvmtrt_options_new();
  OK(tvmtrt_options_set(options, "offload", "on"));
  OK(tvmtrt_options_set(options, "target_sm", "8.6"));
  OK(tvmtrt_options_set(options, "log_level", "error"));
  OK(tvmtrt_partition(m, NULL, 0, options, &p));
  FAILS(BAD_OPTION, "bounds on 'N'", tvmtrt_build(p, options, &b));
  tvmtrt_partition_delete(p);
  OK(tvmtrt_options_set(options, "symbols", "N=1..4..8"));
  OK(tvmtrt_partition(m, NULL, 0, options, &p));
  OK(tvmtrt_build(p, options, &b));
  CHECK(tvmtrt_build_engine_count(b) == 1 && tvmtrt_build_engine_size(b, 0) > 1000 && tvmtrt_build_engine_data(b, 0) != NULL);
  OK(tvmtrt_build_region_state(b, 0, &state));
  CHECK(strstr(tvmtrt_text_data(state), "engine of") != NULL && strstr(tvmtrt_text_data(state), "built in") != NULL);
  printf("%s\n", tvmtrt_text_data(state));
  tvmtrt_text_delete(state);
  tvmtrt_build_delete(b);
  is_kept(p, options, cache);
  tvmtrt_options_delete(options);
  tvmtrt_partition_delete(p);
  tvmtrt_model_delete(m);
}

static void library_is_described(void) {
  tvmtrt_text_t *text = NULL;
  tvmtrt_options_t *options = planning();
  OK(tvmtrt_tensorrt_info(options, TVMTRT_FORMAT_TEXT, &text));
  CHECK(strstr(tvmtrt_text_data(text), "/no/such/library.so") != NULL);
  tvmtrt_text_delete(text);
  OK(tvmtrt_tensorrt_info(options, TVMTRT_FORMAT_JSON, &text));
  CHECK(strstr(tvmtrt_text_data(text), "\"schema_version\": 1") != NULL && strstr(tvmtrt_text_data(text), "\"library\": null") != NULL);
  tvmtrt_text_delete(text);
  tvmtrt_options_delete(options);
}

int main(int argc, char **argv) {
  if (argc > 2 && strcmp(argv[1], "build") == 0) {
    is_built(argv[2]);
    return 0;
  }
  is_explained();
  is_filtered();
  is_demanded();
  library_is_described();
  return 0;
}
