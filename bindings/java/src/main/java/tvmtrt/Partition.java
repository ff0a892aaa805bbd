package tvmtrt;

import com.sun.jna.Pointer;
import java.util.List;

/** A model split between TensorRT and our own kernels. Never changes; any number of threads may use it. */
public final class Partition extends Handle {
    Partition(Pointer pointer) {
        super(pointer, Library::tvmtrt_partition_delete);
    }

    /** The inputs, with the shapes that were fixed for them. */
    public List<Value> inputs() {
        return Value.list(this, Library.tvmtrt_partition_input_count(pointer()), i -> Library.tvmtrt_partition_input(pointer(), i));
    }

    /** The outputs, with the shapes that follow from the inputs. */
    public List<Value> outputs() {
        return Value.list(this, Library.tvmtrt_partition_output_count(pointer()), i -> Library.tvmtrt_partition_output(pointer(), i));
    }

    /** For each node where it went and why. */
    public String explain() {
        return Tvmtrt.text(out -> Library.tvmtrt_partition_explain(pointer(), Library.TEXT, out), this);
    }

    /** {@link #explain} as JSON. */
    public String explainJson() {
        return Tvmtrt.text(out -> Library.tvmtrt_partition_explain(pointer(), Library.JSON, out), this);
    }

    /** The graph in graphviz's language. */
    public String explainDot() {
        return Tvmtrt.text(out -> Library.tvmtrt_partition_explain(pointer(), Library.DOT, out), this);
    }

    /** A picture of the graph, for browsers. */
    public String explainSvg() {
        return Tvmtrt.text(out -> Library.tvmtrt_partition_explain(pointer(), Library.SVG, out), this);
    }

    /** The number of regions that are meant for TensorRT. */
    public int regions() {
        return during(Library::tvmtrt_partition_region_count).intValue();
    }

    /** The graph of a region as JSON, in the layout of TVM's JSON runtime. */
    public String regionJson(int region) {
        return Tvmtrt.text(out -> Library.tvmtrt_partition_region_json(pointer(), region, out), this);
    }

    /** Builds an engine or kernels for each region. {@code options} may be null. */
    public Build build(Options options) {
        return new Build(Tvmtrt.made(out -> Library.tvmtrt_build(pointer(), Handle.lent(options), out), this, options), null);
    }

    /** Begins a calibration. {@code options} may be null. */
    public Calibration calibration(Options options) {
        return new Calibration(Tvmtrt.made(out -> Library.tvmtrt_calibration_new(pointer(), Handle.lent(options), out), this, options));
    }
}
