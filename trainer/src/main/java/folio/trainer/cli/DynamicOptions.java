package folio.trainer.cli;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.trainer.adaptation.DynamicReader;
import folio.trainer.adaptation.Speed;
import folio.trainer.adaptation.SpeedLoss;
import folio.trainer.corpus.CorpusException;
import folio.trainer.corpus.EncodedText;
import folio.trainer.evaluation.Evaluator;
import folio.trainer.report.TaskProgress;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say how fast a network learns from a text while it reads it. */
final class DynamicOptions {
  /** The rates to choose from; the first one is the default. */
  private static final List<Double> RATES = List.of(0.004, 0.002, 0.008);

  /** The decays to choose from; the first one is the default, also while rates are compared. */
  private static final List<Double> DECAYS = List.of(0.003, 0.001, 0.01, 0.03);

  /** The number of characters at the beginning of a text on which they are compared. */
  private static final int COMPARED = 50_000;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--rate",
      paramLabel = "RATE",
      description =
          "The learning rate while the network reads, 0 to 1: by so many nats a step would lower the"
              + " loss, to first order, if all gradients had their size in training (default: the"
              + " best of 0.002, 0.004 and 0.008; 0.004 if no text is left to choose it on).")
  private Double rate;

  @Option(
      names = "--decay",
      paramLabel = "FRACTION",
      description =
          "The fraction of the way back to its trained value that a weight goes in each step, 0 to 1"
              + " (default: the best of 0.001, 0.003, 0.01 and 0.03; 0.003 if no text is left to choose"
              + " it on).")
  private Double decay;

  /**
   * Checks the options.
   *
   * @throws ParameterException if one is illegal; the message names it, its value and the legal
   *     range
   */
  void check() {
    check("--rate", rate);
    check("--decay", decay);
  }

  private void check(String option, Double value) {
    if (value != null) {
      new Range(option, 0, 1).check(value, command);
    }
  }

  /** Returns whether either option is given. */
  boolean areGiven() {
    return rate != null || decay != null;
  }

  /** Returns whether nothing remains to be chosen. */
  boolean areComplete() {
    return rate != null && decay != null;
  }

  /** Returns the names of the numbers that the options leave open. */
  String open() {
    return rate == null && decay == null ? "rate and decay" : rate == null ? "rate" : "decay";
  }

  /**
   * Returns the speed that the options name. Chooses a missing one by the loss on the beginning of
   * a text, and prints the compared losses.
   *
   * @param reader the reader of the network, which stays as it is
   * @param text at least two characters
   * @param name the name of the text in the printed lines
   * @throws CorpusException if all losses are infinite
   */
  Speed choose(DynamicReader reader, EncodedText text, String name, PrintWriter out) {
    if (areComplete()) {
      return new Speed(rate, decay);
    }
    List<Double> rates = rate == null ? RATES : List.of(rate);
    List<Double> decays = decay == null ? DECAYS : List.of(decay);
    EncodedText compared = text.part(0, Math.min(COMPARED, text.length()));
    long total = compared.length() * DynamicReader.readings(rates, decays);
    List<SpeedLoss> losses;
    try (TaskProgress progress = progress("choose", "character")) {
      losses = reader.compare(compared, rates, decays, read -> progress.reached(read, total));
    }
    losses.forEach(
        each ->
            out.printf(
                Locale.ROOT,
                "%-12s %.4f nats with %s, on the first %,d characters of %s%n",
                "compared",
                each.nats(),
                describe(each.speed()),
                compared.length(),
                name));
    out.flush();
    SpeedLoss best = SpeedLoss.best(losses);
    checkFinite(best);
    return best.speed();
  }

  /** Returns the speed that the options name, or else the default. */
  Speed orDefaults() {
    return new Speed(rate == null ? RATES.get(0) : rate, decay == null ? DECAYS.get(0) : decay);
  }

  private static void checkFinite(SpeedLoss loss) {
    if (Double.isInfinite(loss.nats())) {
      throw new CorpusException(
          "the loss became infinite with " + describe(loss.speed()) + "; lower --rate");
    }
  }

  /** Returns a reader, for which it measures the gradients of a text; the caller closes it. */
  static DynamicReader reader(NDManager manager, CharGru network, EncodedText training) {
    try (TaskProgress progress = progress("measure", "step")) {
      return new DynamicReader(
          manager,
          network,
          training,
          steps -> progress.reached(steps, DynamicReader.STATISTICS_STEPS));
    }
  }

  /** Returns the loss of a network that reads a text in one stream and learns nothing. */
  static double readOnly(NDManager manager, CharGru network, EncodedText text) {
    try (TaskProgress progress = progress("read", "character")) {
      return new Evaluator(manager, text, (read, all) -> progress.reached(read, text.length()))
          .inOneStream(network);
    }
  }

  /**
   * Returns the loss of a network that reads a text and learns from it.
   *
   * @throws CorpusException if the loss is infinite
   */
  static double read(DynamicReader reader, EncodedText text, Speed speed) {
    try (TaskProgress progress = progress("learn", "character")) {
      double loss = reader.read(text, speed, read -> progress.reached(read, text.length()));
      checkFinite(new SpeedLoss(speed, loss));
      return loss;
    }
  }

  private static TaskProgress progress(String name, String unit) {
    return new TaskProgress(CommandLine.Help.Ansi.AUTO.enabled(), name, unit);
  }

  /** Returns a speed in words. */
  static String describe(Speed speed) {
    return "rate " + number(speed.rate()) + ", decay " + number(speed.decay());
  }

  /** Returns a number as an option accepts it. */
  static String number(double value) {
    return String.valueOf(value).replace("E", "e");
  }
}
