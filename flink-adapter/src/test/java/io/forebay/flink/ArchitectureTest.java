package io.forebay.flink;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The adapter is a user of the store like any other: it has only the public API. */
@AnalyzeClasses(packages = "io.forebay.flink", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule theStoreIsUsedThroughItsApi = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.forebay.store.(*)..")
            .allowEmptyShould(true);
}
