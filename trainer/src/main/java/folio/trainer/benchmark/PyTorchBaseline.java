package folio.trainer.benchmark;

import ai.djl.Device;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.trainer.training.Precision;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A straightforward training loop in PyTorch, {@code train_step.py}, run as a process. */
public final class PyTorchBaseline {
  /** A Python process failed; the message has the last line of its output. */
  static final class BaselineException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BaselineException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * A form of the loop.
   *
   * @param precision float32, float16 or bfloat16
   * @param graph whether the step is captured as a CUDA graph
   */
  private record Form(Precision precision, boolean graph) {
    String dtype() {
      return precision.name().toLowerCase(Locale.ROOT);
    }
  }

  private static final List<Form> FORMS_ON_GPU =
      List.of(
          new Form(Precision.FLOAT32, false),
          new Form(Precision.FLOAT32, true),
          new Form(Precision.FLOAT16, false),
          new Form(Precision.FLOAT16, true),
          new Form(Precision.BFLOAT16, true));

  private static final List<Form> FORMS_ON_CPU =
      List.of(new Form(Precision.FLOAT32, false), new Form(Precision.BFLOAT16, false));

  private final String python;
  private final Device device;
  private final Path home = Path.of(System.getProperty("folio.home", "")).toAbsolutePath();

  /**
   * Creates a baseline.
   *
   * @param python the path or name of a Python interpreter
   * @param device the device that computes
   */
  public PyTorchBaseline(String python, Device device) {
    this.python = python;
    this.device = device;
  }

  /** Returns why the baseline cannot be run, or nothing if it can. */
  public Optional<String> problem() {
    try {
      run("-c", "import numpy, torch");
      return Optional.empty();
    } catch (BaselineException e) {
      return Optional.of(e.getMessage());
    }
  }

  /**
   * Returns the version of PyTorch and the device that it computes on.
   *
   * @throws BaselineException if the process fails
   */
  public String versions() {
    return run(
            "-c",
            "import torch; print('PyTorch', torch.__version__,"
                + " torch.cuda.get_device_name() if torch.cuda.is_available() else 'on a CPU')")
        .strip();
  }

  /**
   * Returns the loop in all its forms: on a GPU, eager and captured, in float32 and in 16 bits; on
   * a CPU, eager in float32 and, where the CPU multiplies it, bfloat16. Each throws a {@link
   * BaselineException} if the process fails or prints no result.
   *
   * @param text a UTF-8 file to train on
   */
  public List<StepTables.Baseline> forms(Path text) {
    List<StepTables.Baseline> forms = new ArrayList<>();
    for (Form form : device.isGpu() ? FORMS_ON_GPU : FORMS_ON_CPU) {
      if (!form.precision().isFastOn(device)) {
        continue; // it would take minutes for a step
      }
      forms.add(
          new StepTables.Baseline() {
            @Override
            public String name() {
              return "PyTorch " + form.dtype() + (form.graph() ? " graph" : "");
            }

            @Override
            public double millis(StepTimer.Size size, int steps) {
              return PyTorchBaseline.this.millis(text, size, steps, form);
            }
          });
    }
    return forms;
  }

  private double millis(Path text, StepTimer.Size size, int steps, Form form) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                home.resolve("trainer/benchmark/train_step.py").toString(),
                text.toString(),
                "--hidden=" + size.hidden(),
                "--layers=" + size.layers(),
                "--batch=" + size.rows(),
                "--length=" + size.length(),
                "--steps=" + steps,
                "--device=" + (device.isGpu() ? "cuda" : "cpu"),
                "--dtype=" + form.dtype()));
    if (form.graph()) {
      arguments.add("--graph");
    }
    String answer = run(arguments.toArray(String[]::new));
    try {
      return new JsonMapper().readTree(answer).get("ms_per_step").asDouble();
    } catch (JsonProcessingException e) {
      throw new BaselineException("train_step.py printed " + answer, e);
    }
  }

  private String run(String... arguments) {
    List<String> command = new ArrayList<>(List.of(python));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    String scripts = home.resolve("inference-service/benchmark/baselines").toString();
    builder
        .environment()
        .merge("PYTHONPATH", scripts, (users, ours) -> users + File.pathSeparator + ours);
    try {
      Process process = builder.start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new BaselineException(python + " failed: " + lastLine(output), null);
      }
      return lastLine(output);
    } catch (IOException e) {
      throw new BaselineException(python + " cannot be run: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BaselineException("interrupted", e);
    }
  }

  private static String lastLine(String text) {
    return text.strip().substring(text.strip().lastIndexOf('\n') + 1);
  }
}
