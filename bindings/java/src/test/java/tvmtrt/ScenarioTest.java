package tvmtrt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;
import org.junit.jupiter.api.io.TempDir;

/** The scenario that every client runs: tests/clients/scenario.json says what the steps are. */
@ExtendWith(ScenarioTest.Steps.class)
class ScenarioTest {
    static final Path FOLDER = Path.of("../../tests/clients");
    static final JsonObject S = read();
    static final String X = S.getAsJsonObject("input").get("name").getAsString();
    static final JsonArray RUNS = S.getAsJsonArray("runs");

    /** Prints the steps that have passed. */
    static final class Steps implements TestWatcher {
        @Override
        public void testSuccessful(ExtensionContext context) {
            System.out.println("step " + context.getRequiredTestMethod().getName().replace("step_", ""));
        }
    }

    static JsonObject read() {
        try {
            return JsonParser.parseString(Files.readString(FOLDER.resolve("scenario.json"))).getAsJsonObject();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    static JsonObject wanted(String which) {
        return S.getAsJsonObject("errors").getAsJsonObject(which);
    }

    static void fails(String which, Runnable work) {
        TvmtrtException e = assertThrows(TvmtrtException.class, work::run);
        assertEquals(wanted(which).get("code").getAsInt(), e.code().number, e.getMessage());
        JsonElement names = wanted(which).get("names");
        assertTrue(names == null || e.getMessage().contains(names.getAsString()), e.getMessage());
    }

    static long[] dims(JsonElement dims) {
        return new Gson().fromJson(dims, long[].class);
    }

    static Options options() {
        Map<String, String> values = new TreeMap<>();
        S.getAsJsonObject("options").asMap().forEach((key, value) -> values.put(key, value.getAsString()));
        return Options.of(values);
    }

    static Path file() {
        return FOLDER.resolve(S.get("model").getAsString());
    }

    static Model model() {
        return Model.load(file(), null);
    }

    static Partition partition() {
        return model().partition(Map.of(X, dims(S.getAsJsonObject("input").get("dims"))), options());
    }

    static Session session() {
        return partition().build(options()).session(options());
    }

    static Map<String, Tensor> picture(long batch) {
        int size = 3 * 16 * 16;
        float[] values = new float[(int) batch * size];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (((i % size) * (37 + 11 * (i / size)) % 97) / 48.0 - 1);
        }
        return Map.of(X, Tensor.of(values, batch, 3, 16, 16));
    }

    static Map<String, Tensor> picture(JsonElement run) {
        return picture(run.getAsJsonObject().get("batch").getAsLong());
    }

    static void check(Map<String, Tensor> outputs, JsonElement run) {
        JsonObject want = run.getAsJsonObject();
        double rtol = S.getAsJsonObject("tolerance").get("rtol").getAsDouble();
        double atol = S.getAsJsonObject("tolerance").get("atol").getAsDouble();
        assertArrayEquals(new long[] {want.get("batch").getAsLong(), 10}, outputs.get("scores").shape());
        JsonArray scores = want.getAsJsonArray("scores");
        assertEquals(scores.size(), outputs.get("scores").floats().remaining());
        for (int i = 0; i < scores.size(); i++) {
            double w = scores.get(i).getAsDouble();
            assertEquals(w, outputs.get("scores").floats().get(i), atol + rtol * Math.abs(w), "score " + i);
        }
        long[] best = new long[want.getAsJsonArray("best").size()];
        outputs.get("best").longs().get(best);
        assertArrayEquals(dims(want.get("best")), best);
    }

    @Test
    void step_options() {
        try (Options options = options()) {
            S.getAsJsonObject("options").asMap().forEach((key, value) -> assertEquals(value.getAsString(), options.get(key)));
            for (String which : List.of("option_key", "option_value")) {
                fails(which, () -> options.set(wanted(which).get("key").getAsString(), wanted(which).get("value").getAsString()));
            }
        }
    }

    @Test
    void step_load() throws IOException {
        for (Model model : List.of(model(), Model.load(Files.readAllBytes(file()), null, null))) {
            Value x = model.inputs().get(0);
            JsonObject want = S.getAsJsonObject("input");
            assertEquals(List.of(X, want.get("dtype").getAsString(), want.get("extent").getAsString()), List.of(x.name(), x.dtype(), x.extents().get(0)));
            assertArrayEquals(dims(want.get("dims")), x.dims().stream().mapToLong(d -> d).toArray());
            assertEquals(S.getAsJsonArray("outputs").asList().stream().map(JsonElement::getAsString).toList(), model.outputs().stream().map(Value::name).toList());
            assertEquals(Map.of("labels", S.get("labels").getAsString()), model.metadata());
        }
        fails("file", () -> Model.load(Path.of(wanted("file").get("path").getAsString()), null));
    }

    @Test
    void step_log() {
        JsonObject want = S.getAsJsonObject("log");
        ConcurrentLinkedQueue<String> lines = new ConcurrentLinkedQueue<>();
        try (Options options = new Options().set("log_level", want.get("log_level").getAsString())) {
            options.onLog((level, message) -> lines.add(level.number + " " + message));
            Model.load(file(), options).close();
        }
        assertTrue(lines.stream().anyMatch(l -> l.startsWith(want.get("level") + " ") && l.contains(want.get("names").getAsString())), lines.toString());
    }

    @Test
    void step_partition() {
        assertEquals(List.of(-1L, 3L, 16L, 16L), partition().inputs().get(0).dims());
        for (String which : List.of("input_name", "partition_shape")) {
            fails(which, () -> model().partition(Map.of(wanted(which).get("name").getAsString(), dims(wanted(which).get("dims"))), null));
        }
    }

    @Test
    void step_explain() {
        JsonObject account = JsonParser.parseString(partition().explainJson()).getAsJsonObject();
        JsonObject want = S.getAsJsonObject("explain");
        assertEquals(want.get("schema_version"), account.get("schema_version"));
        assertEquals(want.get("graph"), account.get("graph"));
        assertTrue(partition().explain().contains(want.get("graph").getAsString()));
    }

    @Test
    void step_build() {
        Session session;
        try (Partition partition = partition(); Build build = partition.build(options())) {
            session = build.session(options());
        }
        check(session.run(picture(1)), RUNS.get(0));
    }

    @Test
    void step_run() {
        Tensor scores = Tensor.zeros(DType.FLOAT32, 1, 10);
        try (Session session = session()) {
            Map<String, Tensor> outputs = session.run(picture(1), Map.of("scores", scores));
            assertSame(scores, outputs.get("scores"));
            check(outputs, RUNS.get(0));
        }
    }

    @Test
    void step_batch() {
        Map<String, Tensor> outputs;
        try (Session session = session()) {
            session.run(picture(1));
            outputs = session.run(picture(3));
        }
        check(outputs, RUNS.get(1));
    }

    @Test
    void step_shape() {
        try (Session session = session()) {
            fails("run_shape", () -> session.run(Map.of(X, Tensor.zeros(DType.FLOAT32, dims(wanted("run_shape").get("dims"))))));
            check(session.run(picture(1)), RUNS.get(0));
        }
    }

    @Test
    void step_threads() {
        Build build = partition().build(options());
        List<CompletableFuture<Void>> threads = new ArrayList<>();
        for (JsonElement run : RUNS) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            threads.add(done);
            new Thread(() -> {
                try (Session session = build.session(null)) {
                    for (int i = 0; i < 20; i++) {
                        check(session.run(picture(run)), run);
                    }
                    done.complete(null);
                } catch (Throwable e) {
                    done.completeExceptionally(e);
                }
            }).start();
        }
        threads.forEach(CompletableFuture::join);
    }

    @Test
    void step_artifact(@TempDir Path folder) throws IOException {
        Build build = partition().build(options());
        Path path = folder.resolve("classifier.tvmtrt");
        build.save(path, null);
        fails("save", () -> build.save(Path.of(wanted("save").get("path").getAsString()), null));
        fails("no_artifact", () -> Build.load(file(), null));
        for (Build loaded : List.of(Build.load(path, null), Build.load(Files.readAllBytes(path), null))) {
            try (loaded; Session session = loaded.session(options())) {
                for (JsonElement run : RUNS) {
                    check(session.run(picture(run)), run);
                }
            }
        }
    }

    @Test
    void step_progress() {
        String library = System.getenv("TVMTRT_TENSORRT_LIBRARY");
        assumeTrue(library != null && library.contains("rtx"), "TVMTRT_TENSORRT_LIBRARY names no TensorRT for RTX");
        ConcurrentLinkedQueue<String> heard = new ConcurrentLinkedQueue<>();
        Options options = options().set("target_sm", "8.6").set("log_level", "off");
        options.onProgress((region, phase, done, total) -> heard.add(region + " " + phase));
        Build build = partition().build(options);
        assertTrue(build.engines() >= 1 && build.engine(0).length > 0 && build.regionState(0).contains("built in"));
        assertTrue(!heard.isEmpty() && heard.stream().allMatch(h -> h.length() > 3));
        options.onProgress((region, phase, done, total) -> false);
        fails("cancelled", () -> partition().build(options));
    }
}
