package tvmtrt;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A loaded model. Never changes; any number of threads may use it. */
public final class Model extends Handle {
    private Model(Pointer pointer) {
        super(pointer, Library::tvmtrt_model_delete);
    }

    /** Loads a model from a file, which is mapped: do not change it while the model is used. {@code options} may be null. */
    public static Model load(Path path, Options options) {
        return new Model(Tvmtrt.made(out -> Library.tvmtrt_model_load(path.toString(), Handle.lent(options), out), options));
    }

    /** Loads a model from the bytes of a file, which are copied; {@code folder}, which may be null, is where its external data lies. */
    public static Model load(byte[] bytes, Path folder, Options options) {
        Arena arena = new Arena();
        Pointer data = arena.bytes(Math.max(1, bytes.length));
        data.write(0, bytes, 0, bytes.length);
        String place = folder == null ? null : folder.toString();
        return new Model(Tvmtrt.made(
                out -> Library.tvmtrt_model_load_memory(data, bytes.length, place, Handle.lent(options), out), options, arena));
    }

    /** The inputs, as the file has them. */
    public List<Value> inputs() {
        return Value.list(this, Library.tvmtrt_model_input_count(pointer()), i -> Library.tvmtrt_model_input(pointer(), i));
    }

    /** The outputs, with the shapes that follow from the inputs. */
    public List<Value> outputs() {
        return Value.list(this, Library.tvmtrt_model_output_count(pointer()), i -> Library.tvmtrt_model_output(pointer(), i));
    }

    /** The texts that the file carries beside the graph, by key. */
    public Map<String, String> metadata() {
        return during(model -> {
            Map<String, String> found = new TreeMap<>();
            for (long i = 0; i < Library.tvmtrt_model_metadata_count(model); i++) {
                String key = Library.tvmtrt_model_metadata_key(model, i);
                found.put(key, Library.tvmtrt_model_metadata(model, key));
            }
            return found;
        });
    }

    /** Splits it between TensorRT and our kernels for shapes of inputs by name; -1 leaves an extent as the model has it. */
    public Partition partition(Map<String, long[]> shapes, Options options) {
        Arena arena = new Arena();
        Memory list = arena.bytes(Math.max(1, shapes.size() * Library.SHAPE));
        int at = 0;
        for (Map.Entry<String, long[]> shape : shapes.entrySet()) {
            long[] dims = shape.getValue();
            Memory copied = arena.bytes(Math.max(1, 8 * dims.length));
            copied.write(0, dims, 0, dims.length);
            list.setPointer(at, arena.text(shape.getKey()));
            list.setPointer(at + 8, copied);
            list.setLong(at + 16, dims.length);
            at += Library.SHAPE;
        }
        return new Partition(Tvmtrt.made(
                out -> Library.tvmtrt_partition(pointer(), list, shapes.size(), Handle.lent(options), out), this, options, arena));
    }
}
