/* A library with one creator of plugins, "TvmtrtEcho" version "1", for TensorRT 10 and newer: written without TensorRT's headers, by the
 * places that its virtual functions have. It writes what it is asked for into the variable TVMTRT_TEST_ECHO. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { const char *name; const void *data; int32_t type, length; } Field;
typedef struct { int32_t count; const Field *fields; } Fields;
typedef struct { const char *kind; int32_t major, minor; } Info;
typedef struct { void **table; } Object;

static char said[1024];
static void say(const char *text) {
    strncat(said, text, sizeof said - strlen(said) - 1);
    setenv("TVMTRT_TEST_ECHO", said, 1);
}

static int32_t language(void *self) { (void)self; return 0; }
static void none(void *self) { (void)self; }
static void freed(void *self) { free(self); say("freed"); }

static Info plugin_info(void *self) { (void)self; return (Info){"PLUGIN", 1, 0}; }
static void *capability(void *self, int32_t kind) { (void)self; (void)kind; return 0; }
static void *copy(void *self) { (void)self; return 0; }
static void *plugin_table[] = {language, plugin_info, none, freed, capability, copy};

static void *create(void *self, const char *name, const Fields *fields, int32_t phase) {
    (void)self;
    char line[256];
    said[0] = 0;
    snprintf(line, sizeof line, "%s phase %d;", name, phase);
    say(line);
    for (int i = 0; i < fields->count; i++) {
        const Field *f = fields->fields + i;
        snprintf(line, sizeof line, "%s type %d length %d", f->name, f->type, f->length);
        say(line);
        for (int k = 0; k < f->length; k++) {
            if (f->type == 1) snprintf(line, sizeof line, " %g", ((const float *)f->data)[k]);
            else if (f->type == 5) snprintf(line, sizeof line, " %d", ((const int32_t *)f->data)[k]);
            else if (f->type == 10) snprintf(line, sizeof line, " %lld", (long long)((const int64_t *)f->data)[k]);
            else if (f->type == 6) snprintf(line, sizeof line, " %c", ((const char *)f->data)[k]);
            else snprintf(line, sizeof line, " ?");
            say(line);
        }
        say(";");
    }
    if (fields->count == 0) return 0;
    Object *plugin = malloc(sizeof *plugin);
    plugin->table = plugin_table;
    return plugin;
}

static const Field listed[] = {{"wide", 0, 10, 1}, {"scale", 0, 1, 1}};
static Fields all = {2, listed};
static Info creator_info(void *self) { (void)self; return (Info){"PLUGIN CREATOR_V3ONE", 1, 0}; }
static const Fields *field_names(void *self) { (void)self; return &all; }
static const char *plugin_name(void *self) { (void)self; return "TvmtrtEcho"; }
static const char *plugin_version(void *self) { (void)self; return "1"; }
static const char *plugin_namespace(void *self) { (void)self; return ""; }
static void *creator_table[] = {language, creator_info, none, none, create, field_names, plugin_name, plugin_version, plugin_namespace};

static Object creator = {creator_table};
static Object *creators[] = {&creator};

void setLoggerFinder(void *finder) { (void)finder; }
Object *const *getCreators(int32_t *count) { *count = 1; return creators; }
