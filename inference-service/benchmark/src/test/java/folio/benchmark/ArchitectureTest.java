package folio.benchmark;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import folio.model.testing.ArrayRules;
import folio.model.testing.CycleRules;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The dependencies between the module's packages, and on other modules and libraries. */
class ArchitectureTest {
  private static final String ROOT = "folio.benchmark";

  /** Every package of the module, with the packages of the module that it may depend on. */
  private static final Map<String, List<String>> ALLOWED =
      Map.of(
          "cli",
          List.of(
              "throughput", "soak", "hostile", "reproducibility", "report", "subject", "process"),
          "throughput",
          List.of("report", "subject", "process"),
          "soak",
          List.of("report", "subject", "process"),
          "hostile",
          List.of("report", "subject", "process"),
          "reproducibility",
          List.of(),
          "report",
          List.of("process"),
          "subject",
          List.of("process"),
          "process",
          List.of());

  private static final JavaClasses BENCHMARK =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(ROOT);

  @Test
  void rulesNameEveryPackage() {
    assertThat(
            BENCHMARK.stream()
                .filter(each -> !each.getSimpleName().equals("package-info"))
                .map(JavaClass::getPackageName)
                .collect(Collectors.toSet()))
        .containsExactlyInAnyOrderElementsOf(
            ALLOWED.keySet().stream().map(name -> ROOT + "." + name).toList());
  }

  @Test
  void packagesDependOnlyOnTheirAllowedPackages() {
    ALLOWED.forEach(
        (name, allowed) -> {
          String[] others =
              ALLOWED.keySet().stream()
                  .filter(other -> !other.equals(name) && !allowed.contains(other))
                  .map(other -> ROOT + "." + other + "..")
                  .toArray(String[]::new);
          noClasses()
              .that()
              .resideInAPackage(ROOT + "." + name + "..")
              .should()
              .dependOnClassesThat(resideInAnyPackage(others).or(resideInAPackage(ROOT)))
              .check(BENCHMARK);
        });
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(BENCHMARK);
  }

  @Test
  void classesHaveNoCycles() {
    CycleRules.CLASSES_ARE_FREE_OF_CYCLES.check(BENCHMARK);
  }

  @Test
  void dependsOnNoApplicationFramework() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.quarkus..", "jakarta..", "io.smallrye..", "io.micrometer..")
        .check(BENCHMARK);
  }

  @Test
  void usesOnlyEngineGenerationModelsAndFusedOfTheService() {
    noClasses()
        .should()
        .dependOnClassesThat(
            resideInAPackage("folio.inference..")
                .and(
                    not(
                        resideInAnyPackage(
                            "folio.inference.engine",
                            "folio.inference.generation",
                            "folio.inference.models",
                            "folio.inference.fused"))))
        .check(BENCHMARK);
  }

  @Test
  void onlyCliSubjectThroughputAndReproducibilityUseTheService() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            ROOT + ".cli..",
            ROOT + ".subject..",
            ROOT + ".throughput..",
            ROOT + ".reproducibility..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("folio.inference..")
        .check(BENCHMARK);
  }

  @Test
  void onlyCliUsesPicocli() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".cli..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("picocli..")
        .check(BENCHMARK);
  }

  @Test
  void onlyThroughputUsesVertx() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".throughput..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.vertx..")
        .check(BENCHMARK);
  }

  @Test
  void doesNotDependOnTheTrainer() {
    noClasses().should().dependOnClassesThat().resideInAPackage("folio.trainer..").check(BENCHMARK);
  }

  @Test
  void readsArraysByHostCopy() {
    ArrayRules.VALUES_ARE_READ_BY_HOST_COPY.check(BENCHMARK);
  }
}
