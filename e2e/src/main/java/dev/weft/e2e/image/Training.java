package dev.weft.e2e.image;

import java.nio.file.Path;
import java.util.Optional;

/// How an image's program is run once while its AOT cache is recorded.
///
/// @param classes a folder or jar of the checkout that has the trainer
/// @param libraries a folder of the checkout whose jars the trainer needs besides the program's
/// @param main the trainer, which gets the program's command line as its arguments, runs it and
///   ends with its status
record Training(Path classes, Optional<Path> libraries, String main) {
    /// The trainer of a component.
    static Training of(Component component, Path top) {
        return component.equals(Component.PROXY)
                ? new Training(
                        top.resolve("proxy-runtime/target/test-classes"),
                        Optional.of(top.resolve("proxy-runtime/target/training-lib")),
                        "dev.weft.proxy.ProxyTraining")
                : new Training(
                        top.resolve("e2e/target/classes"),
                        Optional.empty(),
                        "dev.weft.e2e.image.ServerTraining");
    }
}
