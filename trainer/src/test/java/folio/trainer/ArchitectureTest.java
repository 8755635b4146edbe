package folio.trainer;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import folio.model.testing.ArrayRules;
import folio.model.testing.CycleRules;
import folio.trainer.corpus.Batch;
import folio.trainer.corpus.EncodedText;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * The rules between the packages of the trainer. The packages cli, run, batch and benchmark join
 * others. Every other package stands alone, with four exceptions: training and evaluation read the
 * classes of corpus that hold ids, training runs the kernels of recurrence, adaptation takes steps
 * of training, and sweep reads records and draws curves with report.
 */
class ArchitectureTest {
  private static final String ROOT = "folio.trainer.";

  /** The packages of the module, each with the packages that it may depend on. */
  private static final Map<String, List<String>> PACKAGES =
      Map.ofEntries(
          entry(
              "cli",
              List.of(
                  "run",
                  "group",
                  "corpus",
                  "training",
                  "evaluation",
                  "adaptation",
                  "publication",
                  "report",
                  "sweep",
                  "batch",
                  "benchmark",
                  "export")),
          entry(
              "run", List.of("group", "corpus", "training", "evaluation", "publication", "report")),
          entry("batch", List.of("evaluation", "report")),
          entry("benchmark", List.of("corpus", "training", "group")),
          entry("training", List.of("corpus", "recurrence", "group")),
          entry("group", List.of()),
          entry("recurrence", List.of()),
          entry("evaluation", List.of("corpus")),
          entry("adaptation", List.of("corpus", "training")),
          entry("sweep", List.of("report")),
          entry("corpus", List.of()),
          entry("publication", List.of()),
          entry("report", List.of()),
          entry("export", List.of()));

  @SuppressWarnings("UnusedVariable") // the parameterized test names it
  private static final List<String> NAMES = List.copyOf(PACKAGES.keySet());

  /** The classes of the trainer and of the modules that it depends on, without tests. */
  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("folio");

  private static final JavaClasses TRAINER = ALL.that(resideInAPackage(ROOT + "."));

  private static String[] names(Stream<String> packages) {
    return packages.map(name -> ROOT + name).toArray(String[]::new);
  }

  @Test
  void everyClassLiesInAListedPackage() {
    classes().should().resideInAnyPackage(names(PACKAGES.keySet().stream())).check(TRAINER);
  }

  @ParameterizedTest
  @FieldSource("NAMES")
  void packageDependsOnlyOnThePackagesListedForIt(String name) {
    Stream<String> allowed = Stream.concat(Stream.of(name), PACKAGES.get(name).stream());
    noClasses()
        .that()
        .resideInAPackage(ROOT + name)
        .should()
        .dependOnClassesThat(
            resideInAPackage(ROOT + ".").and(not(resideInAnyPackage(names(allowed)))))
        .check(TRAINER);
  }

  @Test
  void trainingAndEvaluationDependOnNoClassOfCorpusButBatchAndEncodedText() {
    noClasses()
        .that()
        .resideInAnyPackage(ROOT + "training", ROOT + "evaluation")
        .should()
        .dependOnClassesThat(
            resideInAPackage(ROOT + "corpus")
                .and(not(belongToAnyOf(Batch.class, EncodedText.class))))
        .check(TRAINER);
  }

  @Test
  void corpusReportAndSweepDoNotDependOnDjl() {
    noClasses()
        .that()
        .resideInAnyPackage(names(Stream.of("corpus", "report", "sweep")))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.djl..")
        .check(TRAINER);
  }

  private static void assertOnlyOnePackageDependsOn(String library, String name) {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + name)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(library)
        .check(TRAINER);
  }

  @Test
  void onlyCliDependsOnPicocli() {
    assertOnlyOnePackageDependsOn("picocli..", "cli");
  }

  @Test
  void onlyReportDependsOnTheProgressBar() {
    assertOnlyOnePackageDependsOn("me.tongfei..", "report");
  }

  @Test
  void onlyReportDependsOnPrometheus() {
    assertOnlyOnePackageDependsOn("io.prometheus..", "report");
  }

  @Test
  void eachSchemaHasOnePackage() {
    assertOnlyOnePackageDependsOn("folio.protobuf.onnx..", "export");
    assertOnlyOnePackageDependsOn("folio.protobuf.tensorboard..", "report");
  }

  @Test
  void onlyReportDependsOnJavaGraphics() {
    assertOnlyOnePackageDependsOn("java.awt..", "report");
  }

  @Test
  void neitherTrainerNorSharedModelDependsOnTheServiceQuarkusOrJakarta() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("folio.inference..", "io.quarkus..", "jakarta..")
        .check(ALL);
  }

  @Test
  void valuesOfArraysAreReadByHostCopy() {
    ArrayRules.VALUES_ARE_READ_BY_HOST_COPY.check(TRAINER);
  }

  @Test
  void packagesFormNoCycle() {
    slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(TRAINER);
  }

  @Test
  void topLevelClassesWithTheirNestedClassesFormNoCycle() {
    CycleRules.CLASSES_ARE_FREE_OF_CYCLES.check(TRAINER);
  }
}
