// All that Swift sees of this folder.
#pragma once

#include "arrow_abi.h"
#include "image_path.h"
#include "maxai_arrow.h"
