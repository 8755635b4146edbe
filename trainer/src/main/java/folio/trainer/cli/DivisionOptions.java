package folio.trainer.cli;

import folio.trainer.corpus.Division;
import folio.trainer.corpus.DocumentSeparator;
import folio.trainer.corpus.SplitRule;
import folio.trainer.corpus.TextStructure;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The options that divide a text into documents, parts and characters of the vocabulary. */
final class DivisionOptions {
  /** The legal values of {@code --split-by}. */
  enum SplitBy {
    POSITION,
    HASH
  }

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--document-separator",
      paramLabel = "TEXT",
      converter = SeparatorConverter.class,
      description =
          "The text that ends each document, for names, poems or songs; \\n stands for a line feed."
              + " The network starts each document from a zero state. An empty text means no"
              + " documents.")
  private DocumentSeparator separator = DocumentSeparator.NONE;

  @Option(
      names = "--split",
      paramLabel = "PERCENTAGES",
      converter = SplitConverter.class,
      description =
          "The percentages of --corpus for training, validation and, if there is a third one, the"
              + " test, in this order.")
  private SplitRule split;

  @Option(
      names = "--split-by",
      paramLabel = "KIND",
      description =
          "position (the first part of the text is for training) or hash (each document is assigned"
              + " by a hash of its text, for lists in alphabetical order).")
  private SplitBy splitBy = SplitBy.POSITION;

  @Option(
      names = "--min-frequency",
      paramLabel = "N",
      description =
          "The number of occurrences that a character needs to be in the vocabulary, 1 to 1 billion;"
              + " rarer ones share one unknown entry, which is never generated.")
  private int minFrequency = 1;

  @Option(
      names = "--fraction",
      paramLabel = "FRACTION",
      description = "The fraction of the training text to use, 0.000001 to 1.")
  private double fraction = 1;

  @Option(
      names = "--holdout",
      paramLabel = "FRACTION",
      description =
          "The fraction at the end of the training text that is held out to choose the"
              + " best checkpoint, 0 to 0.5; 0 means that the validation text chooses it.")
  private double holdout;

  /**
   * Checks the options.
   *
   * @throws ParameterException if an option is illegal; the message names it, its value and the
   *     legal range
   */
  void check() {
    new Range("--fraction", 1e-6, 1).check(fraction, command);
    new Range("--holdout", 0, 0.5).check(holdout, command);
    new Range("--min-frequency", 1, 1e9).check((double) minFrequency, command);
    if (splitBy == SplitBy.HASH && separator.isNone()) {
      throw usageError("--split-by is hash, but there are no documents; add --document-separator");
    }
    for (String own : new String[] {"--validation", "--test"}) {
      if (splitBy == SplitBy.HASH && command.commandLine().getParseResult().hasMatchedOption(own)) {
        throw usageError(
            "--split-by is hash, which chooses all parts from --corpus; it must be position with "
                + own);
      }
    }
  }

  private ParameterException usageError(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  /** Returns whether a part of the training text is held out. */
  boolean holdsOut() {
    return holdout > 0;
  }

  /** Returns the parts of the text. */
  Division division() {
    return new Division(split, fraction, holdout);
  }

  /** Returns the documents and the vocabulary of the text. */
  TextStructure structure() {
    return new TextStructure(separator, splitBy == SplitBy.HASH ? split : null, minFrequency);
  }

  /**
   * Returns the structure of the text of a checkpoint.
   *
   * @param separator the text that ends each document, or null
   * @param settings the settings of its run
   * @param split the percentages of the parts
   */
  static TextStructure structure(String separator, Map<String, String> settings, SplitRule split) {
    if (separator == null) {
      return TextStructure.DEFAULT;
    }
    boolean byHash = "HASH".equalsIgnoreCase(settings.get("split-by"));
    return new TextStructure(new DocumentSeparator(separator), byHash ? split : null, 1);
  }

  /** The parser of {@code --document-separator}. */
  static final class SeparatorConverter implements ITypeConverter<DocumentSeparator> {
    @Override
    public DocumentSeparator convert(String value) {
      try {
        return DocumentSeparator.parse(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(value + "; " + e.getMessage());
      }
    }
  }
}
