#include "arrow_abi.h"
