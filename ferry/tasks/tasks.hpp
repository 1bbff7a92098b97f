#pragma once

/// \file
/// The task queue on Celery's wire, with an embedded broker.
