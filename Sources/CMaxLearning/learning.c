#include "maxai_learning.h"
