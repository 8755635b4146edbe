package folio.inference.engine;

import folio.inference.decoding.DecodeState;
import folio.inference.decoding.Decoded;
import folio.inference.decoding.Decoder;
import folio.inference.serving.ServedModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The slots that have one model: those whose prompt is being read, and those that run. On a CPU the
 * running ones are spread over as many groups as there are threads, each a step of its own; on a
 * GPU they are one. Owned by the decode thread.
 */
final class DecodeBatch implements AutoCloseable {
  /** Fewer rows than this are not worth a second thread. */
  private static final int ROWS_WORTH_A_THREAD = 4;

  /** Rows of which one worker chooses the characters, on a GPU. */
  private static final int ROWS_TO_CHOOSE = 64;

  private final ServedModel model;
  private final Decoder decoder;
  private final Workers workers;
  private final Prompts prompts;
  private final List<Steps> groups = new ArrayList<>();

  DecodeBatch(ServedModel model, Workers workers) {
    this.model = model;
    this.decoder = model.decoder();
    this.workers = workers;
    this.prompts = new Prompts(decoder);
    for (int i = 0; i < groups(decoder, workers); i++) {
      groups.add(new Steps(decoder));
    }
  }

  private static int groups(Decoder decoder, Workers workers) {
    return decoder.asynchronous() ? 1 : workers.threads();
  }

  ServedModel model() {
    return model;
  }

  /** Whether passes go on after they return, so that there is time for something else. */
  boolean asynchronous() {
    return decoder.asynchronous();
  }

  /** Slots that run. */
  int running() {
    return groups.stream().mapToInt(group -> group.members().count()).sum();
  }

  /** All slots, also those whose prompt is still being read. */
  int size() {
    return running() + prompts.count();
  }

  boolean isEmpty() {
    return size() == 0;
  }

  /** Takes in a slot; its prompt is read in the next turns. */
  void begin(Slot slot) {
    prompts.add(slot);
  }

  /**
   * Takes out and returns the slots that are over: those that run as of their last step, those with
   * an unread prompt as of now. The rest is {@link #startReady}'s.
   */
  List<Slot> removeOver() {
    List<Slot> removed = prompts.removeIf(slot -> slot.over() && !slot.promptRead());
    groups.forEach(group -> removed.addAll(group.removeOver()));
    return removed;
  }

  /** Takes out all slots. */
  List<Slot> removeAll() {
    List<Slot> removed = prompts.removeIf(slot -> true);
    groups.forEach(group -> removed.addAll(group.members().removeIf(slot -> true)));
    return removed;
  }

  /**
   * Chooses one more character for every running slot, and reads the next part of prompts.
   *
   * @param meanwhile is run by workers beside what a GPU does; not at all on a CPU
   * @throws RuntimeException if a pass failed: the states of all slots are then undefined
   */
  void advance(List<Runnable> meanwhile) {
    prompts.admit();
    groups.forEach(group -> group.members().shrink());
    List<Pass> passes = new ArrayList<>(groups);
    passes.add(prompts);
    passes.removeIf(Pass::isEmpty);
    if (asynchronous()) {
      // To launch a GPU's many kernels keeps one thread busy for longer than they take.
      workers.run(
          Stream.concat(Stream.of(() -> passes.forEach(Pass::launch)), meanwhile.stream())
              .toList());
      passes.forEach(Pass::fetch);
      workers.run(passes.stream().flatMap(DecodeBatch::blocks).toList());
    } else {
      workers.run(passes.stream().map(DecodeBatch::whole).toList());
    }
  }

  private static Runnable whole(Pass pass) {
    return () -> {
      pass.launch();
      pass.fetch();
      pass.choose(0, pass.rows());
    };
  }

  private static Stream<Runnable> blocks(Pass pass) {
    return Stream.iterate(0, from -> from < pass.rows(), from -> from + ROWS_TO_CHOOSE)
        .map(from -> () -> pass.choose(from, Math.min(pass.rows(), from + ROWS_TO_CHOOSE)));
  }

  /** The running slots: after {@link #advance}, those that have one more character. */
  List<Slot> runningSlots() {
    return groups.stream().flatMap(group -> group.members().slots()).toList();
  }

  /**
   * Lets the slots whose prompts are read run from now on; returns them, each with its first
   * character.
   */
  List<Slot> startReady() {
    Prompts.Ready ready = prompts.ready();
    List<List<Slot>> joining = new ArrayList<>();
    List<List<Integer>> rows = new ArrayList<>();
    groups.forEach(
        group -> {
          joining.add(new ArrayList<>());
          rows.add(new ArrayList<>());
        });
    for (int i = 0; i < ready.slots().size(); i++) {
      if (!ready.slots().get(i).over()) {
        int group = groupForOneMore(joining);
        joining.get(group).add(ready.slots().get(i));
        rows.get(group).add(ready.rows()[i]);
      }
    }
    for (int i = 0; i < groups.size(); i++) {
      if (!joining.get(i).isEmpty()) {
        int[] from = rows.get(i).stream().mapToInt(Integer::intValue).toArray();
        groups.get(i).members().join(joining.get(i), prompts.state(), from);
      }
    }
    prompts.removeIf(Slot::promptRead);
    return ready.slots();
  }

  /** The first group until it is worth a second thread, then the smallest. */
  private int groupForOneMore(List<List<Slot>> joining) {
    record Size(int group, int rows) {}
    List<Size> sizes = new ArrayList<>();
    for (int i = 0; i < groups.size(); i++) {
      sizes.add(new Size(i, groups.get(i).members().count() + joining.get(i).size()));
    }
    return sizes.stream()
        .filter(size -> size.rows() > 0 && size.rows() < ROWS_WORTH_A_THREAD)
        .findFirst()
        .or(() -> sizes.stream().min(Comparator.comparingInt(Size::rows)))
        .orElseThrow()
        .group();
  }

  /** Passes that must be run once before a request may run them. */
  static List<Runnable> warmUps(ServedModel model, Workers workers, int slots) {
    Decoder decoder = model.decoder();
    List<Runnable> runs = new ArrayList<>();
    int groups = groups(decoder, workers);
    for (int size : BatchSizes.upTo(Math.max(ROWS_WORTH_A_THREAD, (slots + groups - 1) / groups))) {
      runs.add(() -> warm(decoder, size, 0));
    }
    for (int size : BatchSizes.upTo(Math.min(Prompts.TOGETHER, slots))) {
      for (int length = 1; length <= Prompts.PART; length *= 2) {
        int tokens = length;
        runs.add(() -> warm(decoder, size, tokens));
      }
    }
    return runs;
  }

  private static void warm(Decoder decoder, int rows, int promptTokens) {
    long[] lengths = new long[rows];
    Arrays.fill(lengths, promptTokens);
    try (DecodeState zero = decoder.zeroState(rows);
        Decoded decoded =
            promptTokens == 0
                ? decoder.step(new long[rows], zero)
                : decoder.prefill(new long[rows * promptTokens], lengths, zero)) {
      decoded.state().close();
      decoded.logits();
    }
  }

  /** Frees the states and the model. */
  @Override
  public void close() {
    prompts.close();
    groups.forEach(Steps::close);
    model.close();
  }
}
