package folio.trainer.cli;

import folio.model.storage.FileCache;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.CorpusRequest;
import folio.trainer.corpus.CorpusSource;
import folio.trainer.corpus.TextFormat;
import folio.trainer.corpus.TextStructure;
import folio.trainer.report.TaskProgress;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;
import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that name the text and say how to read it. */
final class CorpusOptions {
  /** The text without {@code --corpus}. */
  static final String DEFAULT = "tinyshakespeare";

  /** The legal values of {@code --line-ends}. */
  enum LineEnds {
    LF,
    KEEP
  }

  /** The legal values of {@code --normalise}. */
  enum Normalisation {
    NFC(Normalizer.Form.NFC),
    NFKC(Normalizer.Form.NFKC),
    NONE(null);

    private final Normalizer.Form form;

    Normalisation(Normalizer.Form form) {
      this.form = form;
    }
  }

  private static final double MIB = 1 << 20;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--corpus",
      paramLabel = "TEXT",
      defaultValue = DEFAULT,
      description =
          "The text: tinyshakespeare (downloaded once), a file, a folder, a quoted pattern such as"
              + " 'src/**.c', an http(s) or file URL, or - (standard input). Repeat the option to"
              + " join several. Gzip, zip and zstd are unpacked.")
  private List<String> names;

  @Option(
      names = "--validation",
      paramLabel = "TEXT",
      description = "The text of the validation part, instead of a part of --corpus.")
  private List<String> validation = List.of();

  @Option(
      names = "--test",
      paramLabel = "TEXT",
      description = "The text of the test part, instead of a part of --corpus.")
  private List<String> test = List.of();

  @Option(
      names = "--encoding",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "The encoding of the text, such as windows-1252 or utf-16le; auto means UTF-8, or the one"
              + " that a byte-order mark names.")
  private String encoding;

  @Option(
      names = "--line-ends",
      paramLabel = "KIND",
      defaultValue = "lf",
      description = "lf (CR LF and CR become LF) or keep (line ends stay as they are).")
  private LineEnds lineEnds;

  @Option(
      names = "--normalise",
      paramLabel = "FORM",
      defaultValue = "none",
      description = "The Unicode normalisation of the text: nfc, nfkc or none.")
  private Normalisation normalisation;

  @Option(
      names = "--refresh",
      description = "Download the text of --corpus again, also if the cached copy is up to date.")
  private boolean refresh;

  /** Returns the names that the user entered for the text. */
  List<String> names() {
    return names;
  }

  /**
   * Returns the options by which the same text is read again, by name without dashes. An option
   * with several values is not among them, and neither is standard input.
   */
  Map<String, String> again() {
    Map<String, String> options = new TreeMap<>();
    add(options, "corpus", names);
    add(options, "validation", validation);
    add(options, "test", test);
    options.put("encoding", encoding);
    options.put("line-ends", lineEnds.name().toLowerCase(Locale.ROOT));
    options.put("normalise", normalisation.name().toLowerCase(Locale.ROOT));
    return options;
  }

  private static void add(Map<String, String> options, String option, List<String> values) {
    if (values.size() == 1 && !values.get(0).equals("-")) {
      options.put(option, values.get(0));
    }
  }

  /**
   * Reads the text, and downloads it first where needed. If that takes longer than a second, it
   * shows the progress.
   *
   * @param structure the documents and the vocabulary
   * @throws ParameterException if an option has an illegal value
   * @throws folio.trainer.corpus.CorpusException if it cannot be read or is not a text
   */
  Corpus open(TextStructure structure) {
    PrintWriter err = command.commandLine().getErr();
    CorpusRequest request =
        new CorpusRequest(
            names,
            validation,
            test,
            new TextFormat(charset(), lineEnds == LineEnds.KEEP, normalisation.form),
            structure);
    boolean terminal = CommandLine.Help.Ansi.AUTO.enabled();
    try (TaskProgress progress = new TaskProgress(terminal, "read", "MiB")) {
      return new CorpusSource(
              FileCache.folderOf(System.getenv()),
              refresh,
              note -> err.println("folio: " + note),
              (read, total) -> {
                if (total >= 0) {
                  progress.reached((long) (read / MIB), (long) Math.ceil(total / MIB));
                }
              })
          .open(request);
    }
  }

  private Charset charset() {
    if (encoding.equalsIgnoreCase("auto")) {
      return null;
    }
    try {
      return Charset.forName(encoding);
    } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
      throw usageError(
          "--encoding is "
              + encoding
              + "; it must be auto or the name of an encoding, such as utf-8, utf-16le,"
              + " windows-1252 or gb18030",
          e);
    }
  }

  private ParameterException usageError(String message, Exception cause) {
    return new ParameterException(command.commandLine(), message, cause);
  }
}
