package tvmtrt;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Memory outside of the heap for one call; it lives as long as this is reachable. */
final class Arena {
    private final List<Object> kept = new ArrayList<>();

    /** Zeros. */
    Memory bytes(long size) {
        Memory memory = new Memory(size);
        memory.clear();
        kept.add(memory);
        return memory;
    }

    Pointer text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Memory memory = bytes(bytes.length + 1L);
        memory.write(0, bytes, 0, bytes.length);
        return memory;
    }

    Memory arguments(Map<String, Tensor> tensors) {
        Memory list = bytes(Math.max(1, Library.ARGUMENT * tensors.size()));
        arguments(tensors, list);
        return list;
    }

    /** Writes one argument for each tensor. */
    void arguments(Map<String, Tensor> tensors, Memory list) {
        int at = 0;
        for (Map.Entry<String, Tensor> named : tensors.entrySet()) {
            list.setPointer(at, text(named.getKey()));
            list.setPointer(at + 8, tensor(named.getValue()));
            kept.add(named.getValue());
            at += Library.ARGUMENT;
        }
    }

    /** The library's form of a tensor. */
    private Pointer tensor(Tensor tensor) {
        long[] shape = tensor.shape();
        Memory dims = bytes(Math.max(1, 8 * shape.length));
        dims.write(0, shape, 0, shape.length);
        Memory form = bytes(Library.TENSOR);
        form.setPointer(0, tensor.address());
        form.setInt(8, 1); // the host
        form.setInt(16, shape.length);
        form.setByte(20, (byte) tensor.dtype().code);
        form.setByte(21, (byte) tensor.dtype().bits);
        form.setShort(22, (short) 1);
        form.setPointer(24, dims);
        return form;
    }
}
