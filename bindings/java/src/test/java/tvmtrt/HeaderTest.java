package tvmtrt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The functions and constants are those of include/tvmtrt.h; what is not there is listed. */
class HeaderTest {
    static final Map<String, String> NOT_CALLED = Map.of(
            "tvmtrt_version_major", "tvmtrt_version says it",
            "tvmtrt_version_minor", "tvmtrt_version says it",
            "tvmtrt_version_patch", "tvmtrt_version says it",
            "tvmtrt_value_dtype", "tvmtrt_value_dtype_name says it",
            "tvmtrt_model_clone", "references are shared",
            "tvmtrt_partition_clone", "references are shared",
            "tvmtrt_build_clone", "references are shared");
    static final Map<String, String> CALLBACKS = Map.of(
            "tvmtrt_region_filter_t", "RegionFilter",
            "tvmtrt_log_callback_t", "LogCallback",
            "tvmtrt_progress_callback_t", "ProgressCallback",
            "tvmtrt_finalizer_t", "Finalizer");
    final String header = Files.readString(Path.of("../../include/tvmtrt.h"));
    final String code = header.replaceAll("(?s)/\\*.*?\\*/", "");

    HeaderTest() throws IOException {}

    /** The Java form of a C type. */
    private static String kind(String type) {
        String word = type.replaceAll("\\bconst\\b|\\*", "").trim();
        long stars = type.chars().filter(c -> c == '*').count();
        if (stars > 0) {
            return stars == 1 && word.equals("char") ? "String" : "Pointer";
        }
        return CALLBACKS.getOrDefault(word, Map.of("size_t", "long", "uint32_t", "int", "int32_t", "int", "void", "void").getOrDefault(word, word));
    }

    private static String parameters(String text) {
        Stream<String> each = text.trim().equals("void") ? Stream.empty() : Arrays.stream(text.split(","));
        return each.map(p -> kind(p.trim().replaceAll("\\w+$", ""))).collect(Collectors.joining(", "));
    }

    @Test
    void prototypes() {
        Map<String, String> declared = new TreeMap<>();
        Pattern prototype = Pattern.compile("(?m)^(?:TVMTRT_MUST_USE\\s+)?([a-zA-Z][\\w ]*\\**\\s*\\**)(tvmtrt_\\w+)\\(([^;{}]*)\\);");
        for (MatchResult m : prototype.matcher(code).results().toList()) {
            declared.put(m.group(2), kind(m.group(1)) + " (" + parameters(m.group(3)) + ")");
        }
        assertTrue(declared.size() >= 70, declared.size() + " prototypes");
        for (String name : NOT_CALLED.keySet()) {
            assertTrue(declared.remove(name) != null, name);
        }
        // A text that is read by address and length.
        declared.put("tvmtrt_text_data", "Pointer (Pointer)");
        Map<String, String> called = new TreeMap<>();
        for (Method m : Library.class.getDeclaredMethods()) {
            if (Modifier.isNative(m.getModifiers())) {
                String types = Arrays.stream(m.getParameterTypes()).map(Class::getSimpleName).collect(Collectors.joining(", "));
                called.put(m.getName(), m.getReturnType().getSimpleName() + " (" + types + ")");
            }
        }
        assertEquals(declared, called);
    }

    private Map<String, Integer> constants(String prefix) {
        return Pattern.compile("#define TVMTRT_" + prefix + "_(\\w+) (\\d+)").matcher(header).results()
                .collect(Collectors.toMap(m -> m.group(1), m -> Integer.parseInt(m.group(2))));
    }

    @Test
    void constants() {
        Map<String, Integer> codes = Arrays.stream(ErrorCode.values()).filter(c -> c != ErrorCode.UNKNOWN)
                .collect(Collectors.toMap(Enum::name, c -> c.number));
        assertEquals(constants("ERROR"), codes);
        assertEquals(constants("LOG"), Arrays.stream(LogLevel.values()).collect(Collectors.toMap(Enum::name, l -> l.number)));
        assertEquals(constants("FORMAT"), Map.of("TEXT", Library.TEXT, "JSON", Library.JSON, "DOT", Library.DOT, "SVG", Library.SVG));
        for (LogLevel level : LogLevel.values()) {
            assertEquals(level.ordinal() + 1, level.number, "levels are looked up by place");
        }
    }

    @Test
    void version() throws IOException {
        assertTrue(Files.readString(Path.of("pom.xml")).contains("<version>" + Tvmtrt.version() + "</version>"), Tvmtrt.version());
    }
}
