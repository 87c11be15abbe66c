"""The drivers of Airflow's database: what a URL makes them send, and whether they get in."""

import mysqldb

import judge_backends


def op_login(request):
    """Connects to `url` with SQLAlchemy in the environment `env`.

    Returns `{"user": …, "tls": whether the connection has TLS}`, or `{"error": the exception's class, "code": …}`.
    """
    import sqlalchemy

    mysqldb.install()
    with judge_backends.environment(request.get("env", {})):
        try:
            engine = sqlalchemy.create_engine(request["url"], poolclass=sqlalchemy.NullPool)
            with engine.connect() as connection:
                if engine.dialect.name == "postgresql":
                    sql = "SELECT current_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
                    user, tls = connection.execute(sqlalchemy.text(sql)).one()
                else:
                    user = connection.execute(sqlalchemy.text("SELECT current_user()")).scalar_one()
                    tls = connection.execute(sqlalchemy.text("SHOW STATUS LIKE 'Ssl_cipher'")).one()[1] != ""
                return {"user": user, "tls": tls}
        except Exception as error:
            cause = getattr(error, "orig", None) or error
            code = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
            if not code and cause.args and isinstance(cause.args[0], int):
                code = cause.args[0]
            return {"error": type(cause).__name__, "code": code}
