package folio.trainer.training;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.HostCopy;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import folio.model.network.Parameter;
import folio.model.sampling.SeededRandom;
import folio.runtime.cuda.CudaGraph;
import folio.runtime.cuda.CudaStream;
import folio.trainer.corpus.Batch;
import java.util.Arrays;
import java.util.List;

/**
 * One optimizer step: cut, masks, forward, backward, clip, update, in a handful of calls and
 * without ever waiting for the device. The gradients are our own, see {@code training.py}: cuDNN's
 * layers on a GPU; on a CPU, layers whose weights are packed once a step, and whose weight
 * gradients are one product over all characters instead of one a character. Holds the state that
 * rows carry from step to step, and the sum of the losses, which stays on the device until it is
 * read. Owned by the training thread.
 *
 * <p>Everything that differs from step to step is written into arrays that stay ({@link
 * StepInputs}). On a GPU, small batches take longer to launch, kernel by kernel, than to compute:
 * from the second step on theirs is a CUDA graph.
 */
public final class TrainStep implements AutoCloseable {
  /**
   * How to learn.
   *
   * @param clipper null measures no norm either
   * @param seed decides every mask, together with the step
   */
  public record StepConfig(
      AdamW optimizer, GradientClipper clipper, DropoutRates dropout, long seed) {}

  /** Larger batches keep a GPU busy; a graph would only double their memory. */
  private static final int MAX_RECORDED_CHARACTERS = 64 * 256;

  private final CharGru network;
  private final List<NDArray> parameters;
  private final StepConfig rule;
  private final long[] structure;
  private final double[] rates;
  private final NDManager manager;
  private final NDArray text;
  private final NDArray lossSum;
  private final NDArray normSum;
  private StepInputs inputs;
  private NDArray carried;
  private CudaGraph graph;
  private boolean recordable;
  private long summed;

  /**
   * A step for a network.
   *
   * @param parent what is kept between steps is made below it
   * @param text ids, which batches are cut from
   */
  public TrainStep(NDManager parent, CharGru network, int[] text, StepConfig rule) {
    this.network = network;
    this.parameters = network.parameters().stream().map(Parameter::values).toList();
    this.rule = rule;
    this.structure = structure(network.config());
    this.rates =
        new double[] {
          rule.dropout().embedding(), rule.dropout().output(), rule.dropout().recurrentWeight()
        };
    this.manager = parent.newSubManager();
    this.text = manager.create(Arrays.stream(text).asLongStream().toArray());
    this.lossSum = manager.create(0f);
    this.normSum = manager.create(0f);
  }

  private static long[] structure(CharGruConfig config) {
    return new long[] {
      config.network() == NetworkKind.RESIDUAL ? 1 : 0,
      kind(config.embeddingActivation()),
      kind(config.headActivation()),
      config.projectionSize() == null ? 0 : 1,
      config.tied() ? 1 : 0
    };
  }

  private static long kind(Nonlinearity nonlinearity) {
    return switch (nonlinearity) {
      case NONE -> 0;
      case RELU -> 1;
      case TANH -> 2;
    };
  }

  /**
   * Trains on one batch.
   *
   * @param step from 0
   */
  public void run(long step, Batch batch, double learningRate) {
    boolean metBefore = inputs != null && inputs.fit(batch);
    feed(step, batch, learningRate);
    if (graph != null) {
      graph.launch();
    } else if (metBefore && recordable) {
      graph = CudaStream.runAndRecord(manager.getDevice(), this::compute);
      recordable = graph != null;
    } else {
      compute();
    }
    summed++;
  }

  /** Whether steps are launched as a CUDA graph. */
  boolean recorded() {
    return graph != null;
  }

  /** Writes what a step differs from others in; into new arrays for a batch of another size. */
  private void feed(long step, Batch batch, double learningRate) {
    if (carried == null || carried.getShape().get(1) != batch.rows()) {
      carry(network.zeroState(manager, batch.rows()));
    }
    if (inputs == null || !inputs.fit(batch)) {
      forgetInputs();
      inputs = new StepInputs(manager, network.config(), batch, rule.dropout());
      recordable =
          manager.getDevice().isGpu() && batch.rows() * batch.length() <= MAX_RECORDED_CHARACTERS;
    }
    if (!inputs.masks().isEmpty()) {
      // libtorch's generator cannot be saved, so every step seeds it anew: masks are a function of
      // (seed, step), which is what makes an exact resume possible.
      Engine.getInstance().setRandomSeed((int) SeededRandom.bits(rule.seed(), step));
    }
    inputs.feed(batch, learningRate, step);
  }

  /** The step itself, of what was fed. */
  private void compute() {
    try (NDManager scope = manager.newSubManager()) {
      Gradients found = gradients(scope);
      TrainingScript.get().run("add", lossSum, found.loss()).close();
      if (rule.clipper() != null) {
        NDArray norm = rule.clipper().clip(scope, found.values());
        TrainingScript.get().run("add", normSum, norm).close();
      }
      rule.optimizer().update(found.values(), inputs.pace());
      TrainingScript.get().run("carry", carried, found.lastState()).close();
    }
  }

  /**
   * What a batch tells.
   *
   * @param loss mean, in nats
   * @param lastState float32 {@code [L, B, H]}
   * @param values one a parameter, in order
   */
  record Gradients(NDArray loss, NDArray lastState, List<NDArray> values) {}

  /** Those of a batch, for tests. */
  Gradients gradients(NDManager scope, Batch batch) {
    feed(0, batch, 0);
    return gradients(scope);
  }

  private Gradients gradients(NDManager owner) {
    PtNDManager scope = (PtNDManager) owner;
    try (IValue result =
        TrainingScript.get()
            .run(
                "gradients",
                text,
                inputs.starts(),
                inputs.length(),
                carried,
                inputs.keeps(),
                inputs.masks(),
                parameters,
                structure,
                rates)) {
      IValue[] parts = result.toIValueTuple();
      try (IValue loss = parts[0];
          IValue last = parts[1];
          IValue values = parts[2]) {
        return new Gradients(
            loss.toTensor(scope), last.toTensor(scope), List.of(values.toTensorArray(scope)));
      }
    }
  }

  /**
   * Gives up a recorded step; the next one is recorded anew, which takes as long as two. To be
   * called before the device is asked for memory that steps do not take: if there is too little,
   * libtorch gives back its reserve, in which a graph keeps what goes from kernel to kernel.
   */
  public void forgetRecording() {
    if (graph != null) {
      graph.close();
      graph = null;
    }
  }

  private void forgetInputs() {
    forgetRecording();
    if (inputs != null) {
      inputs.close();
      inputs = null;
    }
  }

  /** The array that rows' states are carried in from now on. */
  private void carry(NDArray state) {
    forgetInputs();
    if (carried != null) {
      carried.close();
    }
    carried = state;
  }

  /**
   * The mean loss and gradient norm since the last call; waits for the device.
   *
   * @throws TrainingDivergedException if the loss is not finite
   */
  public Progress progress(long stepsTaken) {
    double loss = HostCopy.number(lossSum) / Math.max(1, summed);
    double norm = HostCopy.number(normSum) / Math.max(1, summed);
    if (!Double.isFinite(loss)) {
      throw new TrainingDivergedException(stepsTaken, loss);
    }
    lossSum.muli(0);
    normSum.muli(0);
    summed = 0;
    return new Progress(loss, norm);
  }

  /**
   * What happened since it was last asked.
   *
   * @param lossNats mean training loss, dropout included
   * @param gradientNorm mean global norm before clipping
   */
  public record Progress(double lossNats, double gradientNorm) {}

  /** The state {@code [L, B, H]} that the next step goes on from, or null before the first. */
  public NDArray carriedState() {
    return carried;
  }

  /**
   * Goes on from a saved state.
   *
   * @param state float32 {@code [L, B, H]}; copied
   */
  public void restore(NDArray state) {
    NDArray copy = state.duplicate();
    copy.attach(manager);
    carry(copy);
  }

  /** Frees what is kept between steps. */
  @Override
  public void close() {
    forgetInputs();
    manager.close();
  }
}
