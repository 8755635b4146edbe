package folio.trainer.run;

import folio.model.network.CharGruConfig;
import folio.model.vocabulary.Vocabulary;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.EncodedText;
import folio.trainer.evaluation.Evaluator;
import folio.trainer.publication.Promotion;
import folio.trainer.report.Console;
import folio.trainer.report.Durations;
import java.util.Locale;

/**
 * The lines that a run begins with: its text and network, what it continues, how long it will take
 * and whether its checkpoints will be served.
 */
final class RunIntroduction {
  /** A larger part of the arithmetic than this is reported. */
  private static final double NOTABLE_SHARE = 0.5;

  private final RunContext context;
  private final TrainingConfig config;
  private final long step;

  /**
   * Creates the introduction of a run.
   *
   * @param step the number of steps taken before
   */
  RunIntroduction(RunContext context, TrainingConfig config, long step) {
    this.context = context;
    this.config = config;
    this.step = step;
  }

  /** Prints the lines; {@link RunReporter#begin} describes the parameters. */
  void print(
      Console console,
      CharGruConfig architecture,
      Vocabulary vocabulary,
      Corpus.Split text,
      RunState state) {
    printSizes(console, architecture, text);
    printOrigin(console, vocabulary, state);
    state.changes().forEach(console::line);
    console.line(length(text.training().length()));
    printOutputShare(console, architecture);
    printForecast(console, text.validation().hasDocuments());
  }

  private void printSizes(Console console, CharGruConfig architecture, Corpus.Split text) {
    long trainedOn = text.training().length();
    long parameters = architecture.parameterCount();
    console.line(
        String.format(
            "%s: %,d characters for training, %s%,d for validation%s; %s %d x %d, %,d parameters",
            context.corpus(),
            trainedOn,
            amount(text.heldOut(), "%,d held out, "),
            text.validation().length(),
            amount(text.test(), ", %,d for the test"),
            architecture.network().name().toLowerCase(Locale.ROOT),
            architecture.layers(),
            architecture.hiddenSize(),
            parameters));
    if (parameters > trainedOn) {
      console.warn(
          String.format(
              "the network has %,d parameters for %,d characters and can memorise the text; watch"
                  + " the validation loss",
              parameters, trainedOn));
    }
  }

  private void printOrigin(Console console, Vocabulary vocabulary, RunState state) {
    if (context.folder().resumes()) {
      console.line("resuming after step " + step);
    } else if (context.parent() != null) {
      int known = context.parent().vocabulary().characterCount();
      console.line(
          String.format(
              "starting from %s: its %,d characters keep their weights, %,d new ones are"
                  + " initialised, and the optimizer %s",
              context.parent().version(),
              known,
              vocabulary.characterCount() - known,
              state.adopted() == null ? "starts anew" : "continues that of " + state.adopted()));
    }
    Corpus.Rare rare = context.corpus().rare();
    if (rare.distinct() > 0) {
      console.line(
          String.format(
              "%,d distinct characters occur too rarely, %,d times in all; they share the unknown"
                  + " entry, which is never generated",
              rare.distinct(), rare.occurrences()));
    }
  }

  private static void printOutputShare(Console console, CharGruConfig architecture) {
    double outputShare = architecture.outputShare();
    if (outputShare > NOTABLE_SHARE) {
      console.line(
          String.format(
              "the output layer takes %.0f %% of a step's arithmetic, because the vocabulary has %,d"
                  + " entries",
              100 * outputShare, architecture.vocabularySize()));
    }
  }

  private void printForecast(Console console, boolean documents) {
    Promotion.Forecast forecast =
        context
            .promotion()
            .forecast(
                Evaluator.protocol(documents),
                context.corpus().description(),
                config.settings(),
                context.store());
    if (forecast.served()) {
      console.line("serving    " + forecast.text());
    } else {
      console.warn(forecast.text());
    }
  }

  private static String amount(EncodedText part, String format) {
    return part.isEmpty() ? "" : String.format(format, part.length());
  }

  /** Returns how many steps, characters, epochs and minutes the run will take. */
  private String length(long trainingLength) {
    long steps = config.schedule().totalSteps() - step;
    long characters = steps * config.charactersPerStep();
    return String.format(
        "length     %,d steps of %,d characters: %,d characters, %.2f epochs, about %s on this machine",
        steps,
        config.charactersPerStep(),
        characters,
        (double) characters / trainingLength,
        Durations.format(steps * context.secondsPerStep()));
  }
}
