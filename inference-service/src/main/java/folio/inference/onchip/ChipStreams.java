package folio.inference.onchip;

import folio.model.cuda.CudaException;
import folio.model.cuda.CudaMemory;
import folio.model.cuda.CudaStream;
import folio.model.sampling.SamplingParameters;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Queue;
import org.jboss.logging.Logger;

/**
 * Streams of a GPU's chip. Owned by a lane's thread, which has a {@link CudaStream}; the model must
 * outlive it.
 */
final class ChipStreams implements ChipDecoder {
  private static final Logger LOG = Logger.getLogger(ChipStreams.class);

  /** As {@code struct Stream} of the kernel. */
  private static final int STREAM_BYTES = 64;

  /** A launch takes milliseconds: if a block has not come by then, it never will. */
  private static final long LONGEST_NANOS = 2_000_000_000L;

  private static final int CONTROL_BYTES = 8;

  /** A stream that is to take another's place. */
  private record Move(long from, long to) {}

  private final ChipModel model;
  private final ChipPlan plan;
  private final CudaStream stream;
  private final List<CudaMemory> kept = new ArrayList<>();
  private final CudaMemory states;
  private final CudaMemory outputs;
  private final CudaMemory orders;
  private final CudaMemory seen;
  private final CudaMemory current;
  private final CudaMemory written;
  private final CudaMemory control;
  private final Queue<Move> moves = new ArrayDeque<>();
  private int count;
  private List<Order> underWay;
  private int steps;

  /**
   * No streams yet.
   *
   * @throws CudaException if the device has too little memory, or the thread no stream of its own
   */
  ChipStreams(ChipModel model) {
    this.model = model;
    this.plan = model.plan();
    this.stream = CudaStream.current();
    if (stream == null) {
      throw new CudaException("this thread has no stream of its own");
    }
    int places = model.places();
    int units = plan.layers() * plan.hidden();
    try {
      states = allocate((long) places * units * Float.BYTES);
      outputs = allocate(3L * places * units * Short.BYTES);
      orders = allocate((long) places * STREAM_BYTES);
      seen = allocate((long) places * plan.seenWords() * Integer.BYTES);
      current = allocate((long) places * Integer.BYTES);
      written = allocate((long) places * MOST_STEPS * Integer.BYTES);
      control = allocate(CONTROL_BYTES);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private CudaMemory allocate(long size) {
    CudaMemory memory = CudaMemory.allocate(model.device(), stream, size);
    kept.add(memory);
    return memory;
  }

  @Override
  public boolean hasRoom() {
    return count < model.places();
  }

  @Override
  public void join(float[] state, BitSet ids) {
    move();
    ByteBuffer values = ChipModel.buffer(stateBytes());
    values.asFloatBuffer().put(state);
    states.write(stream, (long) count * stateBytes(), values);
    ByteBuffer words = ChipModel.buffer(seenBytes());
    for (int id = ids.nextSetBit(0); id >= 0; id = ids.nextSetBit(id + 1)) {
      int word = id / Integer.SIZE * Integer.BYTES;
      words.putInt(word, words.getInt(word) | 1 << id % Integer.SIZE);
    }
    seen.write(stream, (long) count * seenBytes(), words);
    count++;
  }

  @Override
  public void warm() {
    join(new float[plan.layers() * plan.hidden()], new BitSet());
    launch(List.of(new Order(0, SamplingParameters.DEFAULT, 0, 0, 1)), 1);
    finish();
    leave(0);
  }

  @Override
  public void leave(int place) {
    count--;
    if (place < count) {
      moves.add(new Move(count, place));
    }
  }

  @Override
  public void clear() {
    moves.clear();
    count = 0;
  }

  private void move() {
    for (Move move = moves.poll(); move != null; move = moves.poll()) {
      states.move(stream, move.from() * stateBytes(), move.to() * stateBytes(), stateBytes());
      seen.move(stream, move.from() * seenBytes(), move.to() * seenBytes(), seenBytes());
    }
  }

  private int stateBytes() {
    return plan.layers() * plan.hidden() * Float.BYTES;
  }

  private int seenBytes() {
    return plan.seenWords() * Integer.BYTES;
  }

  @Override
  public void launch(List<Order> all, int most) {
    move();
    ByteBuffer bytes = ChipModel.buffer(count * STREAM_BYTES);
    for (Order order : all) {
      SamplingParameters sampling = order.sampling();
      bytes
          .putLong(order.seed())
          .putDouble(sampling.temperature())
          .putDouble(sampling.topP())
          .putDouble(sampling.minP())
          .putDouble(sampling.repetitionPenalty())
          .putInt(sampling.topK())
          .putInt(order.lastId())
          .putInt(order.position())
          .putInt(order.length())
          .putLong(0);
    }
    orders.write(stream, 0, bytes.flip());
    control.write(stream, 0, ChipModel.buffer(CONTROL_BYTES));
    List<Number> arguments = new ArrayList<>(model.addresses());
    for (CudaMemory memory : List.of(states, outputs, orders, seen, current, written)) {
      arguments.add(memory.address());
    }
    arguments.addAll(
        List.of(0L, control.address(), count, ChipPlan.places(count), most, LONGEST_NANOS));
    model
        .kernel()
        .launchCooperatively(
            stream,
            plan.blocks(),
            ChipPlan.THREADS,
            plan.sharedBytes(ChipPlan.places(count)),
            arguments.toArray(Number[]::new));
    underWay = List.copyOf(all);
    steps = most;
  }

  @Override
  public int[][] finish() {
    ByteBuffer ids = written.read(stream, 0, count * steps * Integer.BYTES);
    if (control.read(stream, Integer.BYTES, Integer.BYTES).getInt() != 0) {
      throw new IllegalStateException("the kernel did not come to its end in two seconds");
    }
    int[][] all = new int[count][];
    for (int place = 0; place < count; place++) {
      all[place] = new int[underWay.get(place).length()];
      ids.asIntBuffer().position(place * steps).get(all[place]);
    }
    underWay = null;
    return all;
  }

  @Override
  public float[] state(int place) {
    move();
    float[] values = new float[plan.layers() * plan.hidden()];
    states.read(stream, (long) place * stateBytes(), stateBytes()).asFloatBuffer().get(values);
    return values;
  }

  /** Frees the device's memory, once what was launched has ended. */
  @Override
  public void close() {
    try {
      stream.synchronize();
    } catch (CudaException e) {
      LOG.errorf("what was launched last failed: %s", e.getMessage());
    }
    for (CudaMemory memory : kept) {
      try {
        memory.close();
      } catch (CudaException e) {
        LOG.errorf("memory cannot be freed: %s", e.getMessage()); // the rest can
      }
    }
    kept.clear();
  }
}
