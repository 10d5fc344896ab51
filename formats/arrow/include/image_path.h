// Where the code that calls this was loaded from: an executable, or a shared library or test bundle.
#pragma once

// NULL if the system does not say. The text lives as long as the image is loaded.
const char* maxai_image_path(void);
