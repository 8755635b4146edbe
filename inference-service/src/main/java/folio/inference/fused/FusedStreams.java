package folio.inference.fused;

import ai.djl.ndarray.NDArray;
import folio.model.sampling.SamplingParameters;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaMemory;
import folio.runtime.cuda.CudaStream;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import org.jboss.logging.Logger;

/**
 * Streams of a GPU's chip. Owned by the thread that made it, a lane's or for a trial the loader's;
 * the model must outlive it.
 */
final class FusedStreams implements FusedDecoder {
  private static final Logger LOG = Logger.getLogger(FusedStreams.class);

  /** As {@code struct Stream} of the kernel. */
  private static final int STREAM_BYTES = 64;

  /** As {@code struct Launch} of the kernel. */
  static final int LAUNCH_BYTES = 136;

  /** A launch takes milliseconds: if a block has not come by then, it never will. */
  private static final long LONGEST_NANOS = 2_000_000_000L;

  /** The kernel's words, and one more: the orders after them are where a double may be. */
  private static final int CONTROL_BYTES = 16;

  /** Of the kernel's words, the one that is not zero if time was up. */
  private static final int FAILED = 1;

  /** And the one that tells how long it took. */
  private static final int NANOS = 2;

  /** A stream that is to take another's place. */
  private record Move(long from, long to) {}

  private final FusedModel model;
  private final KernelLayout plan;
  private final CudaStream stream;
  private final List<CudaMemory> kept = new ArrayList<>();
  private final CudaMemory states;
  private final CudaMemory outputs;
  private final CudaMemory seen;
  private final CudaMemory current;

  /**
   * What is written, up to {@link #controlAt}; control; orders; what they give. One copy a launch
   * takes all from control on there, one takes what was written and control back.
   */
  private final CudaMemory exchange;

  private final long controlAt;
  private final Queue<Move> moves = new ArrayDeque<>();
  private int count;
  private List<Order> inFlight;
  private int steps;

  /**
   * No streams yet.
   *
   * @param stream that everything is launched on
   * @throws CudaException if the device has too little memory
   */
  FusedStreams(FusedModel model, CudaStream stream) {
    this.model = model;
    this.plan = model.plan();
    this.stream = stream;
    int places = model.slots();
    controlAt = (long) places * MAX_STEPS * Integer.BYTES;
    int units = plan.layers() * plan.hidden();
    try {
      states = allocate((long) places * units * Float.BYTES);
      outputs = allocate(plan.outputBytes(places));
      seen = allocate((long) places * plan.seenWords() * Integer.BYTES);
      current = allocate((long) places * Integer.BYTES);
      exchange = allocate(2 * controlAt + CONTROL_BYTES + (long) places * STREAM_BYTES);
    } catch (RuntimeException | Error e) {
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
  public int room() {
    return model.slots() - count;
  }

  @Override
  public void join(BitSet ids) {
    move();
    states.clear(stream, (long) count * stateBytes(), stateBytes());
    add(ids);
  }

  @Override
  public void join(NDArray state, BitSet ids) {
    move();
    states.write(stream, (long) count * stateBytes(), state);
    add(ids);
  }

  /** The next place's state is there already. */
  private void add(BitSet ids) {
    ByteBuffer words = FusedModel.buffer(seenBytes());
    for (int id = ids.nextSetBit(0); id >= 0; id = ids.nextSetBit(id + 1)) {
      int word = id / Integer.SIZE * Integer.BYTES;
      words.putInt(word, words.getInt(word) | 1 << id % Integer.SIZE);
    }
    seen.write(stream, (long) count * seenBytes(), words);
    count++;
  }

  @Override
  public void warm() {
    states.clear(stream);
    seen.clear(stream);
    Order order = new Order(0, SamplingParameters.DEFAULT, 0, 0, new int[0], 1);
    for (int streams : new int[] {1, model.slots()}) {
      count = streams;
      launch(Collections.nCopies(streams, order), 1);
      finish();
    }
    clear();
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
    launch(all, most, 0);
  }

  /**
   * The same, and tells logits.
   *
   * @param told where float32 {@code [most, count, V]} has room on the device; 0 for nowhere
   */
  void launch(List<Order> all, int most, long told) {
    move();
    int given = all.stream().mapToInt(order -> order.given().length).sum();
    int givenAt = CONTROL_BYTES + count * STREAM_BYTES;
    ByteBuffer bytes = FusedModel.buffer(givenAt + given * Integer.BYTES);
    IntBuffer ids = bytes.slice(givenAt, given * Integer.BYTES).order(bytes.order()).asIntBuffer();
    bytes.position(CONTROL_BYTES);
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
          .putInt(ids.position())
          .putInt(order.given().length);
      ids.put(order.given());
    }
    exchange.write(stream, controlAt, bytes.rewind());
    steps = most;
    inFlight = List.copyOf(all);
    long control = exchange.address() + controlAt;
    ByteBuffer launch = FusedModel.buffer(LAUNCH_BYTES);
    model.put(launch);
    launch.putLong(states.address()).putLong(outputs.address());
    launch.putLong(control + CONTROL_BYTES).putLong(control + givenAt);
    launch.putLong(seen.address()).putLong(current.address()).putLong(control - writtenBytes());
    launch.putLong(told).putLong(control).putLong(LONGEST_NANOS);
    launch.putInt(count).putInt(KernelLayout.places(count)).putInt(most);
    model.launch(stream, plan.blocks(), count, launch.rewind());
  }

  private int writtenBytes() {
    return inFlight.size() * steps * Integer.BYTES;
  }

  @Override
  public Written finish() {
    IntBuffer words =
        exchange
            .read(stream, controlAt - writtenBytes(), writtenBytes() + CONTROL_BYTES)
            .asIntBuffer();
    int control = inFlight.size() * steps;
    if (words.get(control + FAILED) != 0) {
      throw new CudaException("the kernel did not come to its end in two seconds");
    }
    int[][] all = new int[inFlight.size()][];
    for (int place = 0; place < all.length; place++) {
      all[place] = new int[inFlight.get(place).length()];
      words.position(place * steps).get(all[place]);
    }
    inFlight = null;
    return new Written(all, Integer.toUnsignedLong(words.get(control + NANOS)));
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
