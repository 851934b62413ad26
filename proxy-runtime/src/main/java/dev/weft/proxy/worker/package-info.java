/// What one event loop works with: [Worker].
@NullMarked
package dev.weft.proxy.worker;

import org.jspecify.annotations.NullMarked;
