package dev.weft.e2e.suite;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/// A suite on the shared mesh: takes a [TestMesh] in its constructor, and leaves behind what helps
/// when it fails.
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith({TestMeshResolver.class, DumpOnFailure.class})
public @interface MeshTest {}
