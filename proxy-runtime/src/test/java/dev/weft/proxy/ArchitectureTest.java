package dev.weft.proxy;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses PROXY =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("dev.weft.proxy");

    @Test
    void what_carries_requests_knows_nothing_of_Envoys_messages() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "dev.weft.proxy.bootstrap..",
                        "dev.weft.proxy.config..",
                        "dev.weft.proxy.state..",
                        "dev.weft.proxy.xds..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.envoyproxy..")
                .because("configuration is compiled into types of the proxy's own when it comes")
                .check(PROXY);
    }

    @Test
    void only_the_proxy_as_a_whole_knows_where_configuration_comes_from() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.weft.proxy", "dev.weft.proxy.xds..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.weft.proxy.xds..")
                .check(PROXY);
    }
}
