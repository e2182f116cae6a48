// What of the SDK can be seen outside of libholdfast.so: what is marked with this, and nothing
// else. docs/decisions/0029-library.md tells why. Means nothing to who links libholdfast.a.

#pragma once

#define HOLDFAST_EXPORT __attribute__((visibility("default")))
