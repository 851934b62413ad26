/// Takes out of a library what a program cannot reach: classes, and methods of those that it keeps.
///
/// The proxy uses a fifth of the classes of Envoy's API and of those a fraction of the methods, but
/// a JVM pays for all methods of a class that it loads, in memory and in time at its start. What
/// may be called is found by walking the code from the program's classes, as a linker does.
///
/// Of the descriptors of its files the options go that others define ([DescriptorClass]). What is
/// left and all other libraries become one jar ([OneJar]), without what only debuggers and
/// compilers read of its classes ([DebugInfo]).
@NullMarked
package dev.weft.e2e.image.trim;

import org.jspecify.annotations.NullMarked;
