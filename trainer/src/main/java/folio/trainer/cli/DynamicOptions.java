package folio.trainer.cli;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.trainer.adaptation.DynamicReader;
import folio.trainer.adaptation.Speed;
import folio.trainer.adaptation.SpeedLoss;
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
  /** The rates to choose from. */
  private static final List<Double> RATES = List.of(0.004, 0.002, 0.008);

  /** The decays to choose from; the first one is used while rates are compared. */
  private static final List<Double> DECAYS = List.of(0.003, 0.001, 0.01, 0.03);

  /** The speed where no text is left to choose one on; it was nearly the best for all networks. */
  private static final Speed DEFAULT = new Speed(RATES.get(0), DECAYS.get(0));

  /** The number of characters at the beginning of a text on which they are compared. */
  private static final int COMPARED = 50_000;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--rate",
      paramLabel = "RATE",
      description =
          "The learning rate while the network reads: the fall of the loss, in nats, to which a step"
              + " leads to first order, 0 to 1 (default: the best of 0.002, 0.004 and 0.008).")
  private Double rate;

  @Option(
      names = "--decay",
      paramLabel = "FRACTION",
      description =
          "The fraction of the way back to its trained value that a weight goes in each step, 0 to 1"
              + " (default: the best of 0.001, 0.003, 0.01 and 0.03).")
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

  /**
   * Returns the speed that the options name. An option that is missing is chosen by the loss on the
   * beginning of a text, and the compared losses are printed.
   *
   * @param text at least two characters
   */
  Speed choose(DynamicReader reader, EncodedText text, PrintWriter out) {
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
                "%-12s %.4f nats with %s, on the first %,d characters%n",
                "compared",
                each.nats(),
                describe(each.speed()),
                compared.length()));
    out.flush();
    return SpeedLoss.best(losses);
  }

  /** Returns the speed that the options name, or else one that suits most texts. */
  Speed orDefaults() {
    return new Speed(rate == null ? DEFAULT.rate() : rate, decay == null ? DEFAULT.decay() : decay);
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

  /** Returns the loss of a network that reads a text and learns from it. */
  static double read(DynamicReader reader, EncodedText text, Speed speed) {
    try (TaskProgress progress = progress("learn", "character")) {
      return reader.read(text, speed, read -> progress.reached(read, text.length()));
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
