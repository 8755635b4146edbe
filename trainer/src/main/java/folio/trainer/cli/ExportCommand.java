package folio.trainer.cli;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.Checkpoint;
import folio.model.network.CharGru;
import folio.model.storage.DurableFiles;
import folio.model.storage.UserPath;
import folio.trainer.export.OnnxModel;
import folio.trainer.export.PyTorchFolder;
import folio.trainer.run.Errors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code export}: writes a checkpoint in the form of another program. */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = {
      "Writes a checkpoint in float32 in the form of another program and prints its path:",
      "pytorch is a folder with the weights and a program that generates text with PyTorch;",
      "onnx is a file for ONNX Runtime and others."
    },
    footer = {"", "Example: ./folio export current --to onnx --output model.onnx"})
final class ExportCommand implements Callable<Integer> {
  /** The form of an export. */
  enum Form {
    PYTORCH("-pytorch"),
    ONNX(".onnx");

    private final String suffix;

    Form(String suffix) {
      this.suffix = suffix;
    }
  }

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "VERSION",
      defaultValue = "current",
      description = StoreOptions.ANY_CHECKPOINT)
  private String version;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "FORM",
      description = "The form: pytorch or onnx.")
  private Form form;

  @Option(
      names = "--output",
      paramLabel = "PATH",
      description =
          "The new folder or file (default: VERSION-pytorch or VERSION.onnx in this folder).")
  private Path output;

  @Mixin private StoreOptions checkpoints;

  @Override
  public Integer call() {
    Checkpoint checkpoint = checkpoints.openAny(version);
    Path path = output == null ? defaultOutput(checkpoint) : output;
    check(path);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        CharGru network = checkpoint.load(manager)) {
      switch (form) {
        case PYTORCH -> DurableFiles.createFolder(path, PyTorchFolder.of(checkpoint, network));
        case ONNX -> DurableFiles.replace(path, OnnxModel.of(checkpoint, network));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          new IOException("--output " + path + " cannot be written: " + Errors.describe(e), e));
    }
    spec.commandLine().getOut().println(path);
    return CommandLine.ExitCode.OK;
  }

  /** Checks that a path names something new in an existing folder. */
  private void check(Path path) {
    Path name = path.getFileName();
    if (name == null || name.toString().isEmpty() || name.toString().matches("\\.\\.?")) {
      throw usageError("--output is \"" + path + "\"; it must name a new file or folder");
    }
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      throw usageError("--output is " + path + ", which exists; name another path");
    }
    Path parent = path.toAbsolutePath().getParent();
    if (!Files.isDirectory(parent)) {
      throw usageError("--output is " + path + ", but there is no folder " + parent);
    }
  }

  private ParameterException usageError(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private Path defaultOutput(Checkpoint checkpoint) {
    Path name = UserPath.of(checkpoint.version()).toAbsolutePath().normalize().getFileName();
    return Path.of((name == null ? "checkpoint" : name) + form.suffix);
  }
}
