package folio.inference.fused;

import ai.djl.ndarray.NDArray;
import folio.model.sampling.SamplingParameters;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaMemory;
import folio.runtime.cuda.CudaStream;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.jboss.logging.Logger;

/**
 * A fused decoder that runs the persistent kernel: the states of its streams are on the GPU, and
 * every launch exchanges plans and ids with the host. Owned by the thread that created it: a
 * worker's, or the loader's for the trial launch. The model must outlive it.
 */
final class FusedStreams implements FusedDecoder {
  private static final Logger LOG = Logger.getLogger(FusedStreams.class);

  /** The longest time of a launch, which takes milliseconds unless a block does not run at all. */
  private static final long TIMEOUT_NANOS = 2_000_000_000L;

  /**
   * The size of the kernel's three control words, rounded up: doubles follow, which are aligned.
   */
  private static final int CONTROL_BYTES = 16;

  /** The index of the control word that is not zero after a timeout. */
  private static final int CONTROL_TIMED_OUT = 1;

  /** The index of the control word that has the duration of the launch. */
  private static final int CONTROL_NANOS = 2;

  /** A copy of a stream from one slot to another that is still to be done on the device. */
  private record Move(long from, long to) {}

  private final FusedModel model;
  private final KernelLayout layout;
  private final CudaStream stream;
  private final int slots;
  private final List<CudaMemory> allocations = new ArrayList<>();
  private final CudaMemory states;
  private final CudaMemory outputs;
  private final CudaMemory seen;
  private final CudaMemory current;

  // Scratch of the pipeline, see LaunchStruct; null without a pipeline.
  private final CudaMemory residuals;
  private final CudaMemory logits;
  private final CudaMemory arrivals;

  /** The logits of the plans that ask for them; null until one does. Grows with the need. */
  private CudaMemory logitsOut;

  private long logitsOutBytes;

  /**
   * Memory that host and kernel exchange: the ids, which end at {@link #controlOffset}; the control
   * words; a {@link StreamStruct} per stream; forced ids. So a launch needs one copy to the device,
   * from the control words on, and one copy back, of the ids and the control words.
   */
  private final CudaMemory exchange;

  private final long controlOffset;
  private final Queue<Move> moves = new ArrayDeque<>();
  private int count;

  /** The plans of the launch in flight, by slot at the time of the launch; null without one. */
  private List<StepPlan> inFlight;

  /** The largest number of steps of the launch in flight. */
  private int steps;

  /**
   * Creates a decoder without streams.
   *
   * @param stream the stream of all copies and launches
   * @throws CudaException if the device has too little memory
   */
  FusedStreams(FusedModel model, CudaStream stream) {
    this.model = model;
    this.layout = model.layout();
    this.stream = stream;
    slots = model.slots();
    controlOffset = (long) slots * MAX_STEPS * Integer.BYTES;
    try {
      states = allocate((long) slots * stateBytes());
      Optional<PipelineLayout> pipeline = model.pipelineLayout();
      int batchSlots = Math.min(slots, model.batchSlots());
      long pipelineBytes = pipeline.map(form -> form.outputBytes(slots)).orElse(0L);
      outputs = allocate(Math.max(layout.outputBytes(batchSlots), pipelineBytes));
      residuals = allocate(pipeline.map(form -> form.residualBytes(slots)));
      logits = allocate(pipeline.map(form -> form.logitsBytes(slots)));
      arrivals = allocate(pipeline.map(form -> form.arrivalBytes(slots)));
      seen = allocate((long) slots * seenBytes());
      current = allocate((long) slots * Integer.BYTES);
      exchange = allocate(2 * controlOffset + CONTROL_BYTES + (long) slots * StreamStruct.BYTES);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private CudaMemory allocate(long size) {
    CudaMemory memory = CudaMemory.allocate(model.device(), stream, size);
    allocations.add(memory);
    return memory;
  }

  /** Returns null if there is no size. */
  private CudaMemory allocate(Optional<Long> size) {
    return size.map(this::allocate).orElse(null);
  }

  private static long address(CudaMemory memory) {
    return memory == null ? 0 : memory.address();
  }

  private int stateBytes() {
    return layout.layers() * layout.hidden() * Float.BYTES;
  }

  private int seenBytes() {
    return layout.seenWords() * Integer.BYTES;
  }

  @Override
  public int freeSlots() {
    return slots - count;
  }

  @Override
  public void join(BitSet ids) {
    applyMoves();
    states.clear(stream, (long) count * stateBytes(), stateBytes());
    addWithState(ids);
  }

  @Override
  public void join(NDArray state, BitSet ids) {
    applyMoves();
    states.write(stream, (long) count * stateBytes(), state);
    addWithState(ids);
  }

  /** Adds the stream whose state is in the next slot. */
  private void addWithState(BitSet ids) {
    ByteBuffer words = CudaMemory.hostBuffer(seenBytes());
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
    StepPlan plan = new StepPlan(0, SamplingParameters.DEFAULT, 0, 0, new int[0], 1);
    model
        .largestOfEachForm()
        .forEach(
            streams -> {
              count = streams;
              launch(Collections.nCopies(streams, plan), 1);
              finish();
            });
    clear();
  }

  @Override
  public void remove(int slot) {
    count--;
    if (slot < count) {
      moves.add(new Move(count, slot));
    }
  }

  @Override
  public void clear() {
    moves.clear();
    count = 0;
  }

  /** Copies streams on the device to the slots that they have on the host. */
  private void applyMoves() {
    for (Move move = moves.poll(); move != null; move = moves.poll()) {
      states.move(stream, move.from() * stateBytes(), move.to() * stateBytes(), stateBytes());
      seen.move(stream, move.from() * seenBytes(), move.to() * seenBytes(), seenBytes());
    }
  }

  @Override
  public void launch(List<StepPlan> plans, int steps) {
    applyMoves();
    ByteBuffer bytes = CudaMemory.hostBuffer(CONTROL_BYTES + StreamStruct.encodedBytes(plans));
    StreamStruct.encode(plans, bytes.position(CONTROL_BYTES));
    exchange.write(stream, controlOffset, bytes.rewind());
    this.steps = steps;
    inFlight = List.copyOf(plans);
    long control = exchange.address() + controlOffset;
    long structs = control + CONTROL_BYTES;
    LaunchStruct launch =
        new LaunchStruct(
            states.address(),
            outputs.address(),
            structs,
            structs + (long) count * StreamStruct.BYTES,
            seen.address(),
            current.address(),
            control - idsBytes(),
            logitsAddress(plans, steps),
            control,
            address(residuals),
            address(logits),
            address(arrivals),
            TIMEOUT_NANOS,
            model.characters(),
            count,
            steps);
    model.form(count).launch(stream, 0, launch);
  }

  /** Returns memory for the logits that plans ask for, or 0 if none does. */
  private long logitsAddress(List<StepPlan> plans, int steps) {
    long bytes = plans.stream().filter(StepPlan::logits).count() * logitsBytes(steps);
    if (bytes > logitsOutBytes) {
      long earlierBytes = logitsOutBytes;
      if (logitsOut != null) {
        stream.synchronize(); // a launch that was not waited for may write there
        CudaMemory smaller = logitsOut;
        allocations.remove(smaller);
        logitsOut = null;
        logitsOutBytes = 0;
        smaller.close();
      }
      long size = Math.max(bytes, 2 * earlierBytes); // a larger one is seldom needed
      logitsOut = allocate(size);
      logitsOutBytes = size;
    }
    return bytes == 0 ? 0 : logitsOut.address();
  }

  /** Reads the logits of the launch in flight, {@code [streams with logits][steps][V]}. */
  private FloatBuffer readLogits() {
    long bytes = inFlight.stream().filter(StepPlan::logits).count() * logitsBytes(steps);
    return bytes == 0
        ? FloatBuffer.allocate(0)
        : logitsOut.read(stream, 0, Math.toIntExact(bytes)).asFloatBuffer();
  }

  private int logitsBytes(int steps) {
    return steps * layout.vocabulary() * Float.BYTES;
  }

  private int idsBytes() {
    return inFlight.size() * steps * Integer.BYTES;
  }

  @Override
  public LaunchResult finish() {
    IntBuffer words =
        exchange.read(stream, controlOffset - idsBytes(), idsBytes() + CONTROL_BYTES).asIntBuffer();
    int control = inFlight.size() * steps;
    if (words.get(control + CONTROL_TIMED_OUT) != 0) {
      throw new CudaException("the kernel timed out after two seconds");
    }
    int[][] ids = new int[inFlight.size()][];
    float[][] asked = new float[ids.length][];
    FloatBuffer rows = readLogits();
    int row = 0;
    for (int slot = 0; slot < ids.length; slot++) {
      StepPlan plan = inFlight.get(slot);
      ids[slot] = new int[plan.length()];
      words.position(slot * steps).get(ids[slot]);
      if (plan.logits()) {
        asked[slot] = new float[plan.length() * layout.vocabulary()];
        rows.position(row++ * steps * layout.vocabulary()).get(asked[slot]);
      }
    }
    inFlight = null;
    return new LaunchResult(ids, asked, Integer.toUnsignedLong(words.get(control + CONTROL_NANOS)));
  }

  @Override
  public float[] state(int slot) {
    applyMoves();
    float[] values = new float[layout.layers() * layout.hidden()];
    states.read(stream, (long) slot * stateBytes(), stateBytes()).asFloatBuffer().get(values);
    return values;
  }

  /** Frees the device memory after the launch in flight has ended. */
  @Override
  public void close() {
    try {
      stream.synchronize();
    } catch (CudaException e) {
      LOG.errorf("Last launch failed error=%s", e.getMessage());
    }
    for (CudaMemory memory : allocations) {
      try {
        memory.close();
      } catch (CudaException e) {
        LOG.errorf("Device memory not freed error=%s", e.getMessage()); // free the rest
      }
    }
    allocations.clear();
  }
}
