/// `./weft demo`: a mesh from nothing to its next version, under load, and a page that says what
/// was proved. Enter at [DemoCommand]; [Demo] is the story, [DemoReport] what came out.
@NullMarked
package dev.weft.e2e.demo;

import org.jspecify.annotations.NullMarked;
