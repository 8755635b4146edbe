package folio.trainer.training;

import folio.runtime.torchscript.TorchScript;

/** The functions of {@code training.py}, which are compiled at their first use. */
final class TrainingScript {
  private static final class Holder {
    static final TorchScript SCRIPT =
        TorchScript.load(TrainingScript.class, "Training", "training.py");
  }

  private TrainingScript() {}

  static TorchScript get() {
    return Holder.SCRIPT;
  }
}
