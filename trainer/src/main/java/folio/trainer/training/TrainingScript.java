package folio.trainer.training;

import folio.runtime.torchscript.TorchScript;

/** The functions of {@code training.torchscript.py}, which are compiled at their first use. */
final class TrainingScript {
  private static final class Holder {
    static final TorchScript SCRIPT =
        TorchScript.load(TrainingScript.class, "Training", "training.torchscript.py");
  }

  private TrainingScript() {}

  /** Returns the functions of gradients, of the optimizer and of their inputs. */
  static TorchScript get() {
    return Holder.SCRIPT;
  }
}
