#pragma once
/** Of C++, by which the library was compiled: not the app's. */
long legacy_standard();
