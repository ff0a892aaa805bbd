/* Options: their manual, TVM's environment variables, the program's own choice over them, and what a wrong one is told.
 *
 *   options_env                     the manual
 *   options_env KEY[=VALUE] ...     what each of these keys is: from the environment, or as given here
 *
 * The library reads the environment only where a program asks it to. Set TVM_TENSORRT_USE_FP16=1 and see `options_env precision`;
 * `options_env precision=float32` wins over it. */
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

int main(int argc, char **argv)
{
    tvmtrt_options_t *options = tvmtrt_options_new();
    tvmtrt_text_t *text = NULL;
    char key[64];
    int i, status = 1;
    if (argc < 2) {
        TRY(tvmtrt_options_keys(TVMTRT_FORMAT_TEXT, &text));
        printf("%s\n", tvmtrt_text_data(text));
        status = 0;
        goto done;
    }
    TRY(tvmtrt_options_from_env(options)); /* a bad value there is an error that names the variable */
    for (i = 1; i < argc; i++) {           /* later calls win */
        const char *equals = strchr(argv[i], '=');
        size_t length = equals ? (size_t)(equals - argv[i]) : strlen(argv[i]);
        if (length >= sizeof key) {
            fprintf(stderr, "no key is as long as that of %s\n", argv[i]);
            goto done;
        }
        memcpy(key, argv[i], length);
        key[length] = '\0';
        if (equals)
            TRY(tvmtrt_options_set(options, key, equals + 1));
        TRY(tvmtrt_options_get(options, key, &text)); /* the value that counts, or the default */
        printf("%s = %s\n", key, tvmtrt_text_data(text));
        tvmtrt_text_delete(text);
        text = NULL;
    }
    status = 0;
done: /* NULL is fine */
    tvmtrt_text_delete(text);
    tvmtrt_options_delete(options);
    return status;
}
