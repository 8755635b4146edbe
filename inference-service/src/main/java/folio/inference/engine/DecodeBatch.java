package folio.inference.engine;

import ai.djl.ndarray.NDArray;
import folio.inference.decoding.DecodeState;
import folio.inference.decoding.Decoder;
import folio.inference.decoding.GraphedDecoder;
import folio.inference.decoding.StepOutput;
import folio.inference.fused.FusedDecoderFactory;
import folio.inference.models.ResidentModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * The sequences of one worker and one model: those whose prompt is being read, those that libtorch
 * steps, and those that the persistent kernel decodes. A pass is {@link #launch}, then {@link
 * #finish}; on a GPU the host is free in between. Owned by a worker.
 */
final class DecodeBatch implements AutoCloseable {
  private final ResidentModel model;
  private final Decoder decoder;
  private final GraphedDecoder steps;
  private final PrefillBatch prefill;
  private final StateBatch<Sequence> libtorchBatch;
  private final FusedBatch fused;
  private StepOutput inFlight;

  DecodeBatch(ResidentModel model) {
    this.model = model;
    this.decoder = model.model().decoder();
    this.steps = new GraphedDecoder(decoder);
    int characters = model.model().vocabulary().characterCount();
    this.prefill = new PrefillBatch(decoder, characters);
    this.libtorchBatch = new StateBatch<>(decoder, characters, List::of);
    this.fused =
        new FusedBatch(
            model.model().fused().flatMap(FusedDecoderFactory::createDecoder).orElse(null));
  }

  ResidentModel model() {
    return model;
  }

  /** Returns whether {@link #launch} returns before the device is done. */
  boolean asynchronous() {
    return decoder.asynchronous();
  }

  /** Returns whether the worker can decode with the persistent kernel. */
  boolean fused() {
    return fused.available();
  }

  /**
   * Returns how many sequences are being decoded; those whose prompt is being read do not count.
   */
  int decodingCount() {
    return libtorchBatch.count() + fused.count();
  }

  /** Returns how many sequences and unread prompts there are. */
  int sequenceCount() {
    return decodingCount() + prefill.count();
  }

  boolean isEmpty() {
    return sequenceCount() == 0;
  }

  /**
   * Adds a group. Its sequences start decoding in the next pass if they resume a state without a
   * prompt or the persistent kernel can prefill them. Otherwise libtorch prefills them first.
   */
  void begin(SequenceGroup group) {
    if (fused.acceptsPrompt(group)) {
      joinAll(group.sequences());
      return;
    }
    if (!group.cursor().isAtEnd()) {
      prefill.add(group);
      return;
    }
    Sequence first = group.sequences().get(0);
    try (DecodeState state = decoder.restore(group.resumedState().values())) {
      if (fused.accepts()) {
        try (NDArray row = decoder.row(state, 0)) {
          fused.join(first, row);
        }
      } else {
        libtorchBatch.join(List.of(first), state, new int[] {0});
      }
    }
  }

  /** Lets all sequences join, or none. */
  private void joinAll(List<Sequence> sequences) {
    try {
      sequences.forEach(fused::join);
    } catch (RuntimeException | OutOfMemoryError e) {
      fused.removeIf(sequences::contains);
      throw e;
    }
  }

  /** Removes and returns finished sequences, except those that have a first token to send. */
  List<Sequence> removeFinished() {
    List<Sequence> removed =
        new ArrayList<>(prefill.removeIf(group -> group.finished() && !group.cursor().isAtEnd()));
    removed.addAll(libtorchBatch.removeIf(Sequence::finished));
    removed.addAll(fused.removeIf(Sequence::finished));
    return removed;
  }

  /** Removes and returns all sequences. */
  List<Sequence> removeAll() {
    // A sequence whose move between two batches failed midway is in both.
    LinkedHashSet<Sequence> removed = new LinkedHashSet<>(prefill.removeIf(group -> true));
    removed.addAll(libtorchBatch.removeIf(sequence -> true));
    removed.addAll(fused.removeAll());
    return new ArrayList<>(removed);
  }

  /**
   * Launches one step for every sequence of libtorch's, several steps of the persistent kernel, and
   * the next chunk of prompts.
   *
   * @throws RuntimeException if it failed, here or in {@link #finish}: the states of all sequences
   *     are then undefined
   */
  void launch() {
    libtorchBatch.shrink();
    if (libtorchBatch.count() > 0) {
      long[] lastIds =
          libtorchBatch.rows().stream()
              .mapToLong(sequence -> sequence == null ? 0 : sequence.lastId())
              .toArray();
      inFlight = steps.step(lastIds, libtorchBatch.state());
      libtorchBatch.replaceState(inFlight.state());
    }
    prefill.launch(libtorchBatch.count() > 0);
    fused.launch(needsLibtorch());
  }

  /**
   * Waits for the pass. Running sequences get their next tokens. Sequences whose prefill is
   * complete get their first token.
   *
   * @param othersWait returns whether other work waits for the worker; called only after a launch
   *     has ended
   * @return how many tokens running sequences have got
   */
  int finish(BooleanSupplier othersWait) {
    int tokens = 0;
    if (inFlight != null) {
      try (StepOutput pass = inFlight) {
        inFlight = null;
        libtorchBatch.sample(pass, sequence -> true, row -> row);
        tokens = libtorchBatch.count();
      }
    }
    prefill.finish();
    return tokens + fused.finish(() -> needsLibtorch() || othersWait.getAsBoolean());
  }

  private boolean needsLibtorch() {
    return prefill.count() > 0 || libtorchBatch.count() > 0;
  }

  /** Returns the running sequences; after {@link #finish} each may have tokens to send. */
  List<Sequence> runningSequences() {
    return Stream.concat(libtorchBatch.stream(), fused.stream()).toList();
  }

  /**
   * Starts the sequences whose prompts have been read.
   *
   * @return all of them, each with its first token
   */
  List<Sequence> startReady() {
    return prefill.moveReady(libtorchBatch, fused);
  }

  /**
   * Returns the passes that the worker runs once before a request may be stepped.
   *
   * @param rows the largest number of sequences that libtorch will step
   * @param architectureIsWarm whether the worker has warmed another model of this architecture
   */
  List<Runnable> warmUps(int rows, boolean architectureIsWarm) {
    List<Runnable> passes = new ArrayList<>();
    List<Integer> sizes = BatchSizes.upTo(rows);
    if (!architectureIsWarm) {
      sizes.forEach(size -> passes.add(() -> warm(size, 0, false)));
      for (int size : BatchSizes.upTo(Math.min(PrefillBatch.MAX_GROUPS, rows))) {
        for (int length = 1; length <= PrefillBatch.CHUNK; length *= 2) {
          int characters = length;
          passes.add(() -> warm(size, characters, false));
          passes.add(() -> warm(size, characters, true));
        }
      }
    }
    if (steps.preparable()) {
      sizes.forEach(size -> passes.add(() -> steps.prepare(size)));
    }
    passes.addAll(fused.warmUps());
    return passes;
  }

  private void warm(int rows, int promptCharacters, boolean everyPosition) {
    long[] lengths = new long[rows];
    Arrays.fill(lengths, promptCharacters);
    try (DecodeState zero = decoder.zeroState(rows);
        StepOutput output =
            promptCharacters == 0
                ? decoder.step(new long[rows], zero)
                : decoder.prefill(
                    new long[rows * promptCharacters], lengths, everyPosition, zero)) {
      output.state().close();
      output.logits();
    }
  }

  /** Frees the states; the model stays. */
  @Override
  public void close() {
    prefill.close();
    libtorchBatch.close();
    fused.close();
    steps.close();
  }
}
