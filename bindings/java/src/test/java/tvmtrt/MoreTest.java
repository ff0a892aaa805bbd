package tvmtrt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the scenario does not touch: lives of objects and of memory, wrong use, and the rest of the calls. */
class MoreTest {
    static final Map<String, String> KNOWN = Map.of("tensorrt_version", "10.6"); // a partition for it needs no library

    static Build build() {
        return ScenarioTest.model().partition(Map.of(), Options.of(Map.of("offload", "off"))).build(null);
    }

    @Test
    void tensors() {
        assertThrows(IllegalArgumentException.class, () -> Tensor.of(new float[3], 2, 2));
        assertThrows(IllegalArgumentException.class, () -> Tensor.zeros(DType.INT8, -1));
        assertThrows(IllegalArgumentException.class, () -> Tensor.over(DType.INT8, ByteBuffer.allocate(4), 4));
        assertThrows(IllegalStateException.class, () -> Tensor.zeros(DType.FLOAT16, 1).floats());
        assertEquals("int64[2]", Tensor.of(new long[] {1, 2}, 2).toString());
        assertEquals(7, Tensor.of(new long[] {7}).longs().get(0));
        assertEquals(0, Tensor.zeros(DType.FLOAT32, 0, 4).floats().remaining());
    }

    @Test
    void buffersOfTheCallers() {
        Tensor x = ScenarioTest.picture(1).get("x");
        ByteBuffer larger = ByteBuffer.allocateDirect(x.bytes().remaining() + 64).position(64);
        larger.duplicate().put(x.bytes());
        try (Session session = build().session(null)) {
            ScenarioTest.check(session.run(Map.of("x", Tensor.over(DType.FLOAT32, larger, 1, 3, 16, 16))), ScenarioTest.RUNS.get(0));
        }
    }

    @Test
    void regionsAndTheirFilter() {
        Partition partition = ScenarioTest.model().partition(Map.of("x", new long[] {2, -1, -1, -1}), Options.of(KNOWN));
        assertEquals(1, partition.regions());
        assertTrue(partition.explainDot().startsWith("digraph") && partition.explainSvg().contains("<svg"));
        assertTrue(JsonParser.parseString(partition.regionJson(0)).getAsJsonObject().has("nodes"));
        assertEquals("scores: float32[2, 10]", partition.outputs().get(0).text());
        List<String> seen = new ArrayList<>();
        Options options = Options.of(KNOWN).filterRegions((nodes, operators) -> {
            seen.addAll(operators);
            return nodes.size() != operators.size();
        });
        assertEquals(0, ScenarioTest.model().partition(Map.of(), options).regions());
        assertTrue(seen.contains("nn.conv2d"), seen.toString());
    }

    @Test
    void manuals() {
        assertTrue(Tvmtrt.optionsManual().contains("offload: "));
        assertTrue(JsonParser.parseString(Tvmtrt.optionsManualJson()).getAsJsonObject().has("options"));
        assertTrue(!Tvmtrt.tensorrtInfo(null).isEmpty() && JsonParser.parseString(Tvmtrt.tensorrtInfoJson(null)).isJsonObject());
        assertEquals("default", Options.fromEnv().set("offload", "off").set("offload", null).get("offload"));
    }

    @Test
    void calibrationProfileAndEngines(@TempDir Path folder) throws Exception {
        Partition partition = ScenarioTest.model().partition(Map.of(), Options.of(KNOWN));
        try (Calibration calibration = partition.calibration(null)) {
            calibration.add(ScenarioTest.picture(2));
            calibration.write(folder.resolve("ranges.json"));
        }
        assertTrue(JsonParser.parseString(Files.readString(folder.resolve("ranges.json"))).isJsonObject());
        Build build = build();
        assertEquals(0, build.engines());
        assertNull(build.engine(0));
        assertEquals("x", build.inputs().get(0).name());
        assertEquals(ErrorCode.INVALID_ARGUMENT, assertThrows(TvmtrtException.class, () -> build.regionState(0)).code());
        assertThrows(TvmtrtException.class, () -> build.engineLayers(0));
        try (Session session = build.session(null)) {
            assertEquals(1, JsonParser.parseString(session.profileJson(ScenarioTest.picture(1), 2)).getAsJsonObject().get("schema_version").getAsInt());
            assertTrue(!session.profile(ScenarioTest.picture(1), 2).isEmpty());
            session.synchronize();
        }
    }

    @Test
    void closedObjectsSaySo() {
        Session session = build().session(null);
        session.close();
        session.close();
        assertThrows(IllegalStateException.class, () -> session.run(ScenarioTest.picture(1)));
    }

    @Test
    void callbacksEndWithWhatHoldsThem() {
        int before = Options.callbackCount();
        Options options = new Options().onLog((level, message) -> {}).onLog((level, message) -> {});
        assertEquals(before + 1, Options.callbackCount());
        Model model = Model.load(ScenarioTest.file(), options);
        options.close();
        model.close();
        assertEquals(before, Options.callbackCount());
    }

    @Test
    void memoryOfTheLibraryLivesAsLongAsABufferLooksAtIt() throws Exception {
        Session session = build().session(null);
        float[] wanted = new float[30];
        session.run(ScenarioTest.picture(3)).get("scores").floats().get(wanted);
        List<FloatBuffer> kept = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            kept.add(session.run(ScenarioTest.picture(3)).get("scores").floats());
            if (i % 50 == 0) {
                System.gc();
                Thread.sleep(5);
            }
        }
        for (FloatBuffer buffer : kept) {
            float[] found = new float[30];
            buffer.get(found);
            assertArrayEquals(wanted, found);
        }
    }
}
