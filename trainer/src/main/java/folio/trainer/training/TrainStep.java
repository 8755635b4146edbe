package folio.trainer.training;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.pytorch.engine.PtNDManager;
import folio.model.network.CharGru;
import folio.model.network.HostCopy;
import folio.model.sampling.SeededRandom;
import folio.runtime.cuda.CudaGraph;
import folio.runtime.cuda.CudaStream;
import folio.trainer.corpus.Batch;
import folio.trainer.corpus.EncodedText;
import folio.trainer.group.GradientExchange;
import java.util.ArrayList;
import java.util.List;

/**
 * An optimizer step: it cuts the batch from the text, draws masks, computes the gradients, clips
 * them and updates the parameters. It never waits for the device. {@link Backpropagation} computes
 * the gradients. In float16, {@link LossScale} keeps them in range, and a step whose gradients
 * overflow all the same changes no parameter.
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
   * @param logitScale the factor of the logits in the loss, above 0; it is not one of the network
   * @param seed the seed; together with the step it determines every mask
   * @param precision the data type of large products
   * @param part the part of each batch that this process trains on
   * @param exchange the exchange of gradients with the processes that train on the other parts;
   *     null if there are none. The caller closes it after the step.
   */
  public record StepConfig(
      Optimizer optimizer,
      GradientClipper clipper,
      DropoutRates dropout,
      double logitScale,
      long seed,
      Precision precision,
      Part part,
      GradientExchange exchange) {
    /**
     * Creates the configuration of a process that trains on whole batches, with logits as they are.
     */
    public StepConfig(
        Optimizer optimizer,
        GradientClipper clipper,
        DropoutRates dropout,
        long seed,
        Precision precision) {
      this(optimizer, clipper, dropout, 1, seed, precision, Part.WHOLE, null);
    }
  }

  private final CharGru network;
  private final StepConfig config;
  private final Precision precision;
  private final Backpropagation backpropagation;
  private final NDManager manager;
  private final EncodedText text;
  private final NDArray lossSum;
  private final NDArray normSum;

  /** The factor of the loss; null unless the precision is float16. */
  private final LossScale scale;

  private StepInputs inputs;
  private Layers layers;
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
   * @throws IllegalArgumentException if the device does not have the precision
   */
  public TrainStep(NDManager parent, CharGru network, EncodedText text, StepConfig config) {
    this.network = network;
    this.config = config;
    this.precision = config.precision().on(parent.getDevice());
    this.backpropagation = new Backpropagation(network, precision, config.logitScale());
    this.manager = parent.newSubManager();
    this.text = text;
    this.lossSum = manager.create(0f);
    this.normSum = manager.create(0f);
    this.scale = precision == Precision.FLOAT16 ? new LossScale(manager) : null;
  }

  /**
   * Trains the network on one batch.
   *
   * @param step the number of the step, from 0
   * @param whole the batch of the step, for all processes
   * @param learningRate the learning rate of the step
   */
  public void run(long step, Batch whole, double learningRate) {
    Batch batch = whole.part(config.part().index(), config.part().count());
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
    if (layers == null) {
      layers = LayersLoader.load(network.config(), manager.getDevice(), precision, batch.rows());
    }
    if (inputs == null || !inputs.fits(batch)) {
      closeInputs();
      inputs =
          new StepInputs(
              manager,
              network.config(),
              batch,
              config.dropout(),
              text.hasDocuments(),
              config.part());
      capturable =
          manager.getDevice().isGpu()
              && batch.rows() * batch.length() <= layers.maxCapturedCharacters();
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
      if (config.exchange() != null) {
        exchange(gradients);
      }
      TrainingScript.get().run("add", lossSum, gradients.loss()).close();
      if (scale != null) {
        scale.unscale(gradients.values());
      }
      if (config.clipper() != null) {
        NDArray norm = config.clipper().clip(scope, gradients.values());
        TrainingScript.get().run("add_finite", normSum, norm).close();
      }
      config
          .optimizer()
          .update(
              gradients.values(),
              inputs.rateAndStep(),
              scale == null ? List.of() : List.of(scale.overflow()));
      if (scale != null) {
        scale.update();
      }
      TrainingScript.get().run("carry", carried, gradients.lastState()).close();
    }
  }

  /** Ends the exchange: loss and gradients become means over the processes. */
  private void exchange(Gradients gradients) {
    config.exchange().complete();
    List<NDArray> sums = new ArrayList<>(gradients.values());
    sums.add(gradients.loss());
    TrainingScript.get().run("divide", sums, (double) config.part().count()).close();
  }

  /** Computes the gradients of a batch, for tests; in float16, times the factor of the loss. */
  Gradients gradients(NDManager scope, Batch batch) {
    feed(0, batch, 0);
    return gradients(scope);
  }

  private Gradients gradients(NDManager scope) {
    return backpropagation.run(
        (PtNDManager) scope,
        layers,
        inputs,
        carried,
        scale == null ? List.of() : List.of(scale.scale()),
        config.exchange() == null ? ready -> {} : config.exchange()::add);
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

  private void closeLayers() {
    if (layers != null) {
      layers.close(); // the inputs' graph, which launches their kernels, is closed
      layers = null;
    }
  }

  /** Replaces the array that holds the state between steps, for batches of its number of rows. */
  private void replaceCarried(NDArray state) {
    closeInputs();
    closeLayers();
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
    long skipped = scale == null ? 0 : scale.takeSkipped();
    double norm = HostCopy.number(normSum) / Math.max(1, summedSteps - skipped);
    if (!Double.isFinite(loss)) {
      throw new TrainingDivergedException(stepsTaken, loss);
    }
    lossSum.muli(0);
    normSum.muli(0);
    summedSteps = 0;
    return new Progress(loss, norm, skipped);
  }

  /**
   * The means over the steps since the last call of {@link #progress}.
   *
   * @param lossNats the mean training loss in nats per character, dropout included
   * @param gradientNorm the mean global norm before clipping; 0 without a clipper
   * @param skippedSteps the number of steps whose gradients overflowed in float16
   */
  public record Progress(double lossNats, double gradientNorm, long skippedSteps) {}

  /**
   * Returns the state {@code [L, B, H]} of this process's rows that the next step continues, or
   * null before the first step.
   */
  public NDArray carriedState() {
    return carried;
  }

  /**
   * Returns the factor of the loss and the number of steps since it changed, as a new array float32
   * {@code [2]}; null unless the precision is float16.
   */
  public NDArray lossScale() {
    return scale == null ? null : scale.state();
  }

  /** Restores what {@link #lossScale} returned; without float16, this does nothing. */
  public void restoreLossScale(NDArray state) {
    if (scale != null) {
      scale.restore(state);
    }
  }

  /**
   * Resumes from a saved state.
   *
   * @param state float32 {@code [L, B, H]} of the whole batch; it is copied
   */
  public void restore(NDArray state) {
    long rows = state.getShape().get(1) / config.part().count();
    long first = config.part().index() * rows;
    NDArray copy =
        state.get(new NDIndex(":, " + first + ":" + (first + rows))).duplicate(); // without gaps
    copy.attach(manager);
    replaceCarried(copy);
  }

  /** Releases the arrays that live between steps. */
  @Override
  public void close() {
    closeInputs();
    closeLayers();
    manager.close();
  }
}
