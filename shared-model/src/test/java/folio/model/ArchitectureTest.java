package folio.model;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import folio.model.testing.ArrayRules;
import folio.model.testing.CycleRules;
import org.junit.jupiter.api.Test;

/** Tests of the dependencies between the packages of this module, which are all listed here. */
class ArchitectureTest {
  private static final String VOCABULARY = "folio.model.vocabulary";
  private static final String SAMPLING = "folio.model.sampling";
  private static final String NETWORK = "folio.model.network";
  private static final String STORAGE = "folio.model.storage";
  private static final String TEXT = "folio.model.text";
  private static final String CHECKPOINT = "folio.model.checkpoint";
  private static final String RUN = "folio.model.run";
  private static final String KERNEL = "folio.model.kernel";
  private static final String CUDA = "folio.runtime.cuda";
  private static final String TORCHSCRIPT = "folio.runtime.torchscript";
  private static final String ENGINE = "folio.runtime.engine";
  private static final String[] PACKAGES = {
    VOCABULARY, SAMPLING, NETWORK, STORAGE, TEXT, CHECKPOINT, RUN, KERNEL, CUDA, TORCHSCRIPT, ENGINE
  };

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("folio");

  /** Checks that the classes of a package depend on no package of Folio except the given ones. */
  private void assertDependsOnlyOn(String room, String... others) {
    String[] allowed = new String[others.length + 1];
    System.arraycopy(others, 0, allowed, 0, others.length);
    allowed[others.length] = room;
    noClasses()
        .that()
        .resideInAPackage(room)
        .should()
        .dependOnClassesThat(
            JavaClass.Predicates.resideInAPackage("folio..")
                .and(JavaClass.Predicates.resideOutsideOfPackages(allowed)))
        .check(CLASSES);
  }

  /** Checks that only the classes of the given packages depend on a library. */
  private void assertOnlyUsedBy(String library, String... packages) {
    noClasses()
        .that()
        .resideOutsideOfPackages(packages)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(library)
        .check(CLASSES);
  }

  @Test
  void everyClassIsInAListedPackage() {
    classes()
        .that()
        .doNotHaveSimpleName("package-info")
        .should()
        .resideInAnyPackage(PACKAGES)
        .check(CLASSES);
  }

  @Test
  void everyListedPackageHasClasses() {
    assertThat(CLASSES.stream().map(JavaClass::getPackageName).collect(toSet())).contains(PACKAGES);
  }

  @Test
  void runtimeDoesNotDependOnModel() {
    noClasses()
        .that()
        .resideInAPackage("folio.runtime..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("folio.model..")
        .check(CLASSES);
  }

  @Test
  void vocabularySamplingNetworkStorageTextTorchscriptAndEngineDependOnNoOtherPackage() {
    assertDependsOnlyOn(VOCABULARY);
    assertDependsOnlyOn(SAMPLING);
    assertDependsOnlyOn(NETWORK);
    assertDependsOnlyOn(STORAGE);
    assertDependsOnlyOn(TEXT);
    assertDependsOnlyOn(TORCHSCRIPT);
    assertDependsOnlyOn(ENGINE);
  }

  @Test
  void checkpointDependsOnlyOnVocabularyNetworkStorageAndText() {
    assertDependsOnlyOn(CHECKPOINT, VOCABULARY, NETWORK, STORAGE, TEXT);
  }

  @Test
  void kernelDependsOnlyOnStorageAndCuda() {
    assertDependsOnlyOn(KERNEL, STORAGE, CUDA);
  }

  @Test
  void runDependsOnlyOnStorage() {
    assertDependsOnlyOn(RUN, STORAGE);
  }

  @Test
  void cudaDependsOnlyOnTorchscript() {
    assertDependsOnlyOn(CUDA, TORCHSCRIPT);
  }

  @Test
  void onlyNetworkCheckpointAndRuntimeUseDjl() {
    assertOnlyUsedBy("ai.djl..", NETWORK, CHECKPOINT, CUDA, TORCHSCRIPT, ENGINE);
  }

  @Test
  void onlyStorageUsesTheAwsSdk() {
    assertOnlyUsedBy("software.amazon..", STORAGE);
  }

  @Test
  void onlyCheckpointAndRunUseJackson() {
    assertOnlyUsedBy("com.fasterxml..", CHECKPOINT, RUN);
  }

  @Test
  void onlyCudaUsesJna() {
    assertOnlyUsedBy("com.sun.jna..", CUDA);
  }

  @Test
  void noClassUsesAWebFrameworkOrAMetricsLibrary() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.quarkus..", "jakarta..", "io.smallrye..", "io.micrometer..")
        .check(CLASSES);
  }

  @Test
  void onlyHostCopyReadsTheValuesOfArrays() {
    ArrayRules.VALUES_ARE_READ_BY_HOST_COPY.check(CLASSES);
  }

  @Test
  void packagesAreFreeOfCycles() {
    CycleRules.PACKAGES_ARE_FREE_OF_CYCLES.check(CLASSES);
  }

  @Test
  void topLevelClassesAreFreeOfCycles() {
    CycleRules.CLASSES_ARE_FREE_OF_CYCLES.check(CLASSES);
  }

  @Test
  void noPackageIsNamedUtilCommonHelperImplOrManager() {
    noClasses()
        .should()
        .resideInAnyPackage("..util..", "..common..", "..helper..", "..impl..", "..manager..")
        .check(CLASSES);
  }
}
