package folio.inference.engine;

import ai.djl.ndarray.NDArray;
import folio.inference.decoding.DecodeState;
import folio.inference.decoding.Decoder;
import folio.inference.decoding.GraphedDecoder;
import folio.inference.decoding.StepOutput;
import folio.inference.fused.FusedDecoderFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * The slots of a lane that have one model: those whose prompt is being read, and those that run. A
 * pass is {@link #launch}, then {@link #finish}: on a GPU there is time in between. Owned by the
 * lane.
 */
final class DecodeBatch implements AutoCloseable {
  private final SharedModel model;
  private final Decoder decoder;
  private final GraphedDecoder steps;
  private final PrefillBatch prompts;
  private final StateBatch running;
  private final FusedBatch fused;
  private StepOutput inFlight;

  DecodeBatch(SharedModel model) {
    this.model = model;
    this.decoder = model.model().decoder();
    this.steps = new GraphedDecoder(decoder);
    this.prompts = new PrefillBatch(decoder);
    this.running = new StateBatch(decoder);
    this.fused =
        new FusedBatch(
            model.model().fused().flatMap(FusedDecoderFactory::createDecoder).orElse(null));
  }

  SharedModel model() {
    return model;
  }

  /** Whether passes go on after they return, so that there is time for something else. */
  boolean asynchronous() {
    return decoder.asynchronous();
  }

  /** Whether slots can be decoded on a chip. */
  boolean fused() {
    return fused.isThere();
  }

  /** Slots that run. */
  int running() {
    return running.count() + fused.count();
  }

  /** All slots, also those whose prompt is still being read. */
  int size() {
    return running() + prompts.count();
  }

  boolean isEmpty() {
    return size() == 0;
  }

  /**
   * Takes in a slot; its prompt is read in the next turns, unless it goes on from a state or a chip
   * reads the prompt, too: then it steps in the next one.
   */
  void begin(Sequence slot) {
    if (fused.reads(slot)) {
      joinAll(slot.part());
      return;
    }
    if (slot.resumes() == null) {
      prompts.add(slot);
      return;
    }
    try (DecodeState state = decoder.restore(slot.resumes().values())) {
      if (fused.takes(slot)) {
        try (NDArray row = decoder.row(state, 0)) {
          fused.join(slot, row);
        }
      } else {
        running.join(List.of(slot), state, new int[] {0});
      }
    }
  }

  /** All of them or none. */
  private void joinAll(List<Sequence> slots) {
    try {
      slots.forEach(fused::join);
    } catch (RuntimeException | OutOfMemoryError e) {
      fused.removeIf(slots::contains);
      throw e;
    }
  }

  /** Takes out and returns the slots that are over, but for {@link #startReady}'s. */
  List<Sequence> removeOver() {
    List<Sequence> removed = prompts.removeIf(slot -> slot.allOver() && !slot.prompt().isRead());
    removed.addAll(running.removeIf(Sequence::over));
    removed.addAll(fused.removeIf(Sequence::over));
    return removed;
  }

  /** Takes out and returns all slots. */
  List<Sequence> removeAll() {
    List<Sequence> removed = prompts.removeIf(slot -> true);
    removed.addAll(running.removeIf(slot -> true));
    removed.addAll(fused.removeAll());
    // If moving on failed midway, some are where they were, too.
    return new ArrayList<>(new LinkedHashSet<>(removed));
  }

  /**
   * Begins one more step for every running slot, a chunk of them on a chip, and the next part of
   * prompts.
   *
   * @throws RuntimeException if it failed, here or in {@link #finish}: the states of all slots are
   *     then undefined
   */
  void launch() {
    running.shrink();
    if (running.count() > 0) {
      long[] last =
          Arrays.stream(running.all())
              .mapToLong(slot -> slot == null ? 0 : slot.lastId())
              .toArray();
      inFlight = steps.step(last, running.state());
      running.state(inFlight.state());
    }
    prompts.launch();
    fused.launch(hasOthers());
  }

  /**
   * Chooses one more character for every running slot, takes those that a chip chose, and chooses
   * the first for slots that are ready.
   *
   * @param othersWait tells whether somebody else is to have the lane before a chip goes on; asked
   *     once a launch has ended, and only then
   * @return how many characters running slots have got
   */
  int finish(BooleanSupplier othersWait) {
    int characters = 0;
    if (inFlight != null) {
      try (StepOutput pass = inFlight) {
        inFlight = null;
        running.choose(pass, slot -> true, row -> row);
        characters = running.count();
      }
    }
    prompts.finish();
    return characters + fused.finish(() -> hasOthers() || othersWait.getAsBoolean());
  }

  /** Whether there are slots that need libtorch, now or for their prompts. */
  private boolean hasOthers() {
    return prompts.count() > 0 || running.count() > 0;
  }

  /** The running slots: after {@link #finish}, those that have more characters. */
  List<Sequence> runningSlots() {
    return Stream.concat(running.slots(), fused.slots().stream()).toList();
  }

  /**
   * Lets the slots whose prompts are read run from now on; returns them, each with its first
   * character.
   */
  List<Sequence> startReady() {
    return prompts.moveReady(running, fused);
  }

  /**
   * What the lane must run once before a request may be stepped.
   *
   * @param rows most that the lane will have
   * @param known whether it has run passes of another model with this architecture
   */
  List<Runnable> warmUps(int rows, boolean known) {
    List<Runnable> runs = new ArrayList<>();
    List<Integer> sizes = BatchSizes.upTo(rows);
    if (!known) {
      sizes.forEach(size -> runs.add(() -> warm(size, 0, false)));
      for (int size : BatchSizes.upTo(Math.min(PrefillBatch.TOGETHER, rows))) {
        for (int length = 1; length <= PrefillBatch.PART; length *= 2) {
          int tokens = length;
          runs.add(() -> warm(size, tokens, false));
          runs.add(() -> warm(size, tokens, true));
        }
      }
    }
    if (steps.preparable()) {
      sizes.forEach(size -> runs.add(() -> steps.prepare(size)));
    }
    runs.addAll(fused.warmUps());
    return runs;
  }

  private void warm(int rows, int promptTokens, boolean everyPosition) {
    long[] lengths = new long[rows];
    Arrays.fill(lengths, promptTokens);
    try (DecodeState zero = decoder.zeroState(rows);
        StepOutput decoded =
            promptTokens == 0
                ? decoder.step(new long[rows], zero)
                : decoder.prefill(new long[rows * promptTokens], lengths, everyPosition, zero)) {
      decoded.state().close();
      decoded.logits();
    }
  }

  /** Frees the states; the model is the rotation's. */
  @Override
  public void close() {
    prompts.close();
    running.close();
    fused.close();
    steps.close();
  }
}
