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
import folio.trainer.corpus.EncodedText;
import java.util.List;

/**
 * An optimizer step: it cuts the batch from the text, draws masks, computes the gradients, clips
 * them and updates the parameters. It makes a few calls and never waits for the device. The
 * gradients are computed by {@code training.torchscript.py}. On a GPU, that script uses cuDNN's
 * layers. On a CPU, it packs a layer's hidden weight once per pass, and computes each weight
 * gradient as one product over all characters instead of one product per character.
 *
 * <p>This class holds the state that rows carry from step to step and the sum of the losses, which
 * stays on the device until {@link #progress} reads it. Owned by the training thread.
 *
 * <p>{@link StepInputs} holds everything that differs between steps. On a GPU, the kernels of a
 * small batch take longer to launch than to compute. From the second step on, such a step is
 * therefore captured as a CUDA graph.
 */
public final class TrainStep implements AutoCloseable {
  /**
   * The optimizer and regularization of a step.
   *
   * @param optimizer the optimizer of the network's parameters
   * @param clipper the gradient clipper; null neither clips nor measures the norm
   * @param dropout the dropout rates
   * @param seed the seed; together with the step it determines every mask
   */
  public record StepConfig(
      AdamW optimizer, GradientClipper clipper, DropoutRates dropout, long seed) {}

  /**
   * The largest number of characters in a batch whose step is captured. Larger batches keep a GPU
   * busy, so a graph would only double their memory.
   */
  private static final int MAX_CAPTURED_CHARACTERS = 64 * 256;

  private final CharGru network;
  private final List<NDArray> parameters;
  private final StepConfig config;
  private final long[] structure;
  private final double[] rates;
  private final NDManager manager;
  private final EncodedText text;
  private final NDArray lossSum;
  private final NDArray normSum;
  private StepInputs inputs;
  private NDArray carried;
  private CudaGraph graph;
  private boolean capturable;
  private long summedSteps;

  /**
   * Creates a step for a network.
   *
   * @param parent the parent of the arrays that live between steps, on the network's device
   * @param network the network to train; the caller closes it
   * @param text the text from which batches are cut
   * @param config the optimizer and regularization
   */
  public TrainStep(NDManager parent, CharGru network, EncodedText text, StepConfig config) {
    this.network = network;
    this.parameters = network.parameters().stream().map(Parameter::values).toList();
    this.config = config;
    this.structure = structure(network.config());
    this.rates =
        new double[] {
          config.dropout().embedding(),
          config.dropout().output(),
          config.dropout().recurrentWeight()
        };
    this.manager = parent.newSubManager();
    this.text = text;
    this.lossSum = manager.create(0f);
    this.normSum = manager.create(0f);
  }

  /** Returns the architecture in the encoding of {@code training.torchscript.py}. */
  private static long[] structure(CharGruConfig architecture) {
    return new long[] {
      code(architecture.network()),
      code(architecture.embeddingActivation()),
      code(architecture.headActivation()),
      architecture.projectionSize() == null ? 0 : 1,
      architecture.tied() ? 1 : 0
    };
  }

  private static long code(NetworkKind network) {
    return switch (network) {
      case PLAIN -> 0;
      case RESIDUAL -> 1;
    };
  }

  private static long code(Nonlinearity nonlinearity) {
    return switch (nonlinearity) {
      case NONE -> 0;
      case RELU -> 1;
      case TANH -> 2;
    };
  }

  /**
   * Trains the network on one batch.
   *
   * @param step the number of the step, from 0
   * @param batch the batch of the step
   * @param learningRate the learning rate of the step
   */
  public void run(long step, Batch batch, double learningRate) {
    boolean sizeSeenBefore = inputs != null && inputs.fits(batch);
    feed(step, batch, learningRate);
    if (graph != null) {
      graph.launch();
    } else if (sizeSeenBefore && capturable) {
      graph = CudaStream.runAndRecord(manager.getDevice(), this::compute);
      capturable = graph != null;
    } else {
      compute();
    }
    summedSteps++;
  }

  /** Returns whether steps are launched as a CUDA graph. */
  boolean isCaptured() {
    return graph != null;
  }

  /** Writes the inputs of a step, into new arrays if the batch has another size. */
  private void feed(long step, Batch batch, double learningRate) {
    if (carried == null || carried.getShape().get(1) != batch.rows()) {
      replaceCarried(network.zeroState(manager, batch.rows()));
    }
    if (inputs == null || !inputs.fits(batch)) {
      closeInputs();
      inputs =
          new StepInputs(manager, network.config(), batch, config.dropout(), text.hasDocuments());
      capturable =
          manager.getDevice().isGpu() && batch.rows() * batch.length() <= MAX_CAPTURED_CHARACTERS;
    }
    if (!inputs.masks().isEmpty()) {
      // The state of libtorch's generator cannot be saved. Every step seeds it anew, so that masks
      // are a function of seed and step and a run can resume exactly.
      Engine.getInstance().setRandomSeed((int) SeededRandom.bits(config.seed(), step));
    }
    inputs.feed(text, batch, learningRate, config.optimizer().earlierSteps() + step);
  }

  /** Computes the step from its inputs. */
  private void compute() {
    try (NDManager scope = manager.newSubManager()) {
      Gradients gradients = gradients(scope);
      TrainingScript.get().run("add", lossSum, gradients.loss()).close();
      if (config.clipper() != null) {
        NDArray norm = config.clipper().clip(scope, gradients.values());
        TrainingScript.get().run("add", normSum, norm).close();
      }
      config.optimizer().update(gradients.values(), inputs.rateAndStep());
      TrainingScript.get().run("carry", carried, gradients.lastState()).close();
    }
  }

  /**
   * The loss and the gradients of a batch.
   *
   * @param loss the mean loss in nats per character, a scalar
   * @param lastState float32 {@code [L, B, H]}, the state after the last character
   * @param values one gradient per parameter, in the order of the parameters
   */
  record Gradients(NDArray loss, NDArray lastState, List<NDArray> values) {}

  /** Computes the gradients of a batch, for tests. */
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
                inputs.characters(),
                carried,
                inputs.carryMask(),
                inputs.continueMask(),
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
   * Discards the captured step. The next step is captured again and takes as long as two steps. The
   * caller must call this method before it allocates other memory on the device. If memory runs
   * out, libtorch releases its reserve, which holds the temporaries of the graph.
   */
  public void discardGraph() {
    if (graph != null) {
      graph.close();
      graph = null;
    }
  }

  private void closeInputs() {
    discardGraph();
    if (inputs != null) {
      inputs.close();
      inputs = null;
    }
  }

  /** Replaces the array that holds the state between steps. */
  private void replaceCarried(NDArray state) {
    closeInputs();
    if (carried != null) {
      carried.close();
    }
    carried = state;
  }

  /**
   * Returns the mean loss and gradient norm since the last call. This method waits for the device.
   *
   * @param stepsTaken the number of steps, for the message of the exception
   * @throws TrainingDivergedException if the loss is not finite
   */
  public Progress progress(long stepsTaken) {
    double loss = HostCopy.number(lossSum) / Math.max(1, summedSteps);
    double norm = HostCopy.number(normSum) / Math.max(1, summedSteps);
    if (!Double.isFinite(loss)) {
      throw new TrainingDivergedException(stepsTaken, loss);
    }
    lossSum.muli(0);
    normSum.muli(0);
    summedSteps = 0;
    return new Progress(loss, norm);
  }

  /**
   * The means over the steps since the last call of {@link #progress}.
   *
   * @param lossNats the mean training loss in nats per character, dropout included
   * @param gradientNorm the mean global norm before clipping; 0 without a clipper
   */
  public record Progress(double lossNats, double gradientNorm) {}

  /**
   * Returns the state {@code [L, B, H]} that the next step continues, or null before the first
   * step.
   */
  public NDArray carriedState() {
    return carried;
  }

  /**
   * Resumes from a saved state.
   *
   * @param state float32 {@code [L, B, H]}; it is copied
   */
  public void restore(NDArray state) {
    NDArray copy = state.duplicate();
    copy.attach(manager);
    replaceCarried(copy);
  }

  /** Releases the arrays that live between steps. */
  @Override
  public void close() {
    closeInputs();
    manager.close();
  }
}
