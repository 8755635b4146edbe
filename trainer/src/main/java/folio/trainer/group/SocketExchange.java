package folio.trainer.group;

import ai.djl.ndarray.NDArray;
import com.sun.jna.Pointer;
import folio.runtime.cuda.TensorAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * An exchange through the connections of a group, for CPUs and for tests. Every sum passes through
 * rank 0 and the host's memory, so it is slow, and always the same to the last bit.
 */
final class SocketExchange implements GradientExchange {
  private final ProcessGroup group;
  private final List<NDArray> added = new ArrayList<>();

  /** Creates an exchange; the caller closes the group. */
  SocketExchange(ProcessGroup group) {
    this.group = group;
  }

  @Override
  public void add(NDArray values) {
    added.add(values);
  }

  @Override
  public void complete() {
    for (NDArray values : added) {
      Pointer memory = new Pointer(TensorAddress.of(values));
      int size = Math.toIntExact(values.size());
      memory.write(0, group.sum(memory.getFloatArray(0, size)), 0, size);
    }
    added.clear();
  }

  @Override
  public int size() {
    return group.membership().size();
  }

  @Override
  public void close() {}
}
