"""PyMySQL in the place of mysqlclient, which has no wheel: the module `MySQLdb`, as far as Airflow and SQLAlchemy use it."""

import sys


def install():
    import pymysql

    pymysql.install_as_MySQLdb()
    pymysql.converters.DateTime2literal = pymysql.converters.escape_datetime
    sys.modules["MySQLdb.converters"] = pymysql.converters
