/**
 * Runs a trained network with TensorRT where there is one and with generated kernels where there is not.
 *
 * <p>The way: {@link tvmtrt.Model#load}, {@link tvmtrt.Model#partition}, {@link tvmtrt.Partition#build}, {@link tvmtrt.Build#session},
 * {@link tvmtrt.Session#run}. Models, partitions and builds never change: any thread, any number at once. A session serves one thread at a
 * time; make one for each. Options are changed by one thread at a time and copied where they are used. {@code close()} ends an object now, while
 * no thread uses it; else it ends when nothing refers to it. Objects keep alive what they were made from: close in any order.
 */
package tvmtrt;
