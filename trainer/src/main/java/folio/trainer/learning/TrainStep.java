package folio.trainer.learning;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import folio.model.network.CharGru;
import folio.model.network.CrossEntropy;
import folio.model.network.DropoutMasks;
import folio.model.network.DropoutRates;
import folio.model.network.Parameter;
import folio.model.sampling.SeededRandom;
import folio.trainer.corpus.Batch;
import java.util.ArrayList;
import java.util.List;

/**
 * One optimizer step: masks, forward, backward, clip, update. Holds the state that rows carry from
 * step to step, and the sum of the losses, which stays on the device until it is read. Owned by the
 * training thread.
 */
public final class TrainStep implements AutoCloseable {
  private final CharGru network;
  private final List<Parameter> parameters;
  private final AdamW optimizer;
  private final GradientClipper clipper;
  private final DropoutRates dropout;
  private final long seed;
  private final NDManager manager;
  private final NDArray lossSum;
  private final NDArray normSum;
  private NDArray carried;
  private long summed;

  /**
   * A step for a network, whose parameters require gradients from now on.
   *
   * @param parent what is kept between steps is made below it
   * @param seed decides every mask, together with the step
   */
  public TrainStep(
      NDManager parent,
      CharGru network,
      AdamW optimizer,
      GradientClipper clipper,
      DropoutRates dropout,
      long seed) {
    this.network = network;
    this.parameters = network.parameters();
    this.optimizer = optimizer;
    this.clipper = clipper;
    this.dropout = dropout;
    this.seed = seed;
    this.manager = parent.newSubManager();
    this.lossSum = manager.create(0f);
    this.normSum = manager.create(0f);
    parameters.forEach(parameter -> parameter.values().setRequiresGradient(true));
  }

  /**
   * Trains on one batch.
   *
   * @param step from 0
   */
  public void run(long step, Batch batch, double learningRate) {
    // libtorch's generator cannot be saved, so every step seeds it anew: masks are a function of
    // (seed, step), which is what makes an exact resume possible.
    Engine.getInstance().setRandomSeed((int) SeededRandom.bits(seed, step));
    try (NDManager scope = manager.newSubManager()) {
      Shape shape = new Shape(batch.rows(), batch.length());
      NDArray inputs = scope.create(batch.inputs(), shape);
      NDArray targets = scope.create(batch.targets(), shape);
      NDArray state = initialState(scope, batch);
      DropoutMasks masks = DropoutMasks.draw(scope, network.config(), dropout, batch.rows());
      NDArray last;
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        CharGru.Output output = network.forward(inputs, state, masks);
        NDArray loss = CrossEntropy.perCharacter(output.logits(), targets).mean();
        collector.backward(loss);
        last = output.state().stopGradient();
        lossSum.addi(loss.stopGradient());
      }
      List<NDArray> gradients = new ArrayList<>();
      for (Parameter parameter : parameters) {
        NDArray gradient = parameter.values().getGradient();
        gradient.attach(scope);
        gradients.add(gradient);
      }
      normSum.addi(clipper.clip(scope, gradients));
      optimizer.update(gradients, learningRate, step);
      // The engine adds to what is there.
      gradients.forEach(gradient -> gradient.muli(0));
      carry(last);
      summed++;
    }
  }

  private NDArray initialState(NDManager scope, Batch batch) {
    if (carried == null || batch.startsFresh()) {
      return network.zeroState(scope, batch.rows());
    }
    NDArray keep = scope.create(batch.keepState(), new Shape(1, batch.rows(), 1));
    return keep.mul(carried);
  }

  private void carry(NDArray last) {
    if (carried != null) {
      carried.close();
    }
    last.attach(manager);
    carried = last;
  }

  /**
   * The mean loss and gradient norm since the last call; waits for the device.
   *
   * @throws TrainingDivergedException if the loss is not finite
   */
  public Progress progress(long stepsTaken) {
    double loss = lossSum.getFloat() / Math.max(1, summed);
    double norm = normSum.getFloat() / Math.max(1, summed);
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
    manager.close();
  }
}
